/** The files of a cache folder, two for each part, and those that killed runs left there. */
import { randomUUID } from 'node:crypto';
import { access, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isLeftBehind, processName } from '#platform';

/** Milliseconds after which a file whose process cannot be asked for counts as left behind. */
const abandonedAfter = 3600e3;

/** A name for a part that no other run uses. It says which process writes it: `HOST.PID.UUID`. */
export const newPart = (): string => `${processName()}.${randomUUID()}`;

/** A part's file; `.tmp` at the end while it is being written. */
const fileName = /^(?<part>(?:(?<host>.+)\.(?<pid>\d+)\.)?[^.]+)\.(?<kind>npy|json)(?<temporary>.*\.tmp)?$/;

/**
 * Removes temporary files, and files without their partner, of runs that are no more. Others may still be writing.
 *
 * @returns the names of the whole parts
 */
export async function wholeParts(folder: string, names: readonly string[]): Promise<string[]> {
  const all = new Set(names);
  const parts: string[] = [];
  for (const name of names) {
    const { part = '', host, pid, kind, temporary } = fileName.exec(name)?.groups ?? {};
    if (part === '') continue;
    const partner = `${part}.${kind === 'npy' ? 'json' : 'npy'}`;
    if (temporary === undefined && all.has(partner)) {
      if (kind === 'json') parts.push(part);
      continue;
    }
    const path = join(folder, name);
    const isOurs = host === hostname();
    if (!(await (isOurs ? isLeftBehind(path, Number(pid)) : isOld(path)))) continue;
    // Its writer may have finished the part just before it ended.
    if (temporary === undefined && (await exists(join(folder, partner)))) continue;
    await rm(path, { force: true }).catch(() => {});
  }
  return parts;
}

/** @param part the path without the endings */
export async function removePart(part: string): Promise<void> {
  // Without its `.json` it does not count any more.
  for (const kind of ['json', 'npy']) await rm(`${part}.${kind}`, { force: true }).catch(() => {});
}

/** Whether time tells that nobody writes a file any more: its process is of another machine, or unknown. */
async function isOld(path: string): Promise<boolean> {
  const entry = await stat(path).catch(() => null);
  return entry !== null && Date.now() - entry.mtimeMs > abandonedAfter;
}

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
