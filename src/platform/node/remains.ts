import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isLeftBehind } from './processes.js';

/** The end of a temporary file's name: the process that writes it. Of several runs of a process, their number, too. */
const endOf = (host: string): RegExp =>
  new RegExp(`\\.${host.replaceAll(/[^\w-]/g, '\\$&')}\\.(\\d+)(?:\\.\\d+)?(?:\\.old)?\\.tmp$`);

/**
 * Removes the temporary files in a folder that processes of this machine left there and that are no more.
 *
 * @param folders how the names of temporary folders begin, which are not removed
 * @returns the paths of such folders
 */
export async function removeRemains(folder: string, folders = '\0'): Promise<string[]> {
  const end = endOf(hostname());
  const found: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = end.exec(name)?.[1];
    const path = join(folder, name);
    if (pid === undefined || !(await isLeftBehind(path, Number(pid)))) continue;
    if (name.startsWith(folders)) found.push(path);
    else await rm(path, { force: true }).catch(() => {});
  }
  return found;
}
