/** The files of a cache folder, two for each part, and those that killed runs left there. */
import { randomUUID } from 'node:crypto';
import { rmSync, statSync, utimesSync } from 'node:fs';
import { access, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isLeftBehind, processName } from '#platform';

/** Milliseconds after which the time of a part is set anew that is read. */
const longestUnnoted = 24 * 3600e3;

/** Milliseconds after which a file whose process cannot be asked for counts as left behind. */
const abandonedAfter = 3600e3;

/** A name for a part that no other run uses. It says which process writes it: `HOST.PID.UUID`. */
export const newPart = (): string => `${processName()}.${randomUUID()}`;

/** A part's file; `.tmp` at the end while it is being written. */
const fileName = /^(?<part>(?:(?<host>.+)\.(?<pid>\d+)\.)?[^.]+)\.(?<kind>npy|json)(?<temporary>.*\.tmp)?$/;

/** A file beside the parts while it is being written. */
const temporaryName = /^[a-z.]+\.(?<host>.+)\.(?<pid>\d+)\.tmp$/;

/**
 * Removes temporary files, and files without their partner, of runs that are no more. Others may still be writing.
 *
 * @returns the names of the whole parts
 */
export async function wholeParts(folder: string, names: readonly string[]): Promise<string[]> {
  const all = new Set(names);
  const parts: string[] = [];
  for (const name of names) {
    const { part = '', kind, temporary, ...writer } = fileName.exec(name)?.groups ?? {};
    const { host, pid } = part === '' ? (temporaryName.exec(name)?.groups ?? {}) : writer;
    if (part === '' && pid === undefined) continue;
    const partner = `${part}.${kind === 'npy' ? 'json' : 'npy'}`;
    if (part !== '' && temporary === undefined && all.has(partner)) {
      if (kind === 'json') parts.push(part);
      continue;
    }
    const path = join(folder, name);
    const isOurs = host === hostname();
    if (!(await (isOurs ? isLeftBehind(path, Number(pid)) : isOld(path)))) continue;
    // Its writer may have finished the part just before it ended.
    if (part !== '' && temporary === undefined && (await exists(join(folder, partner)))) continue;
    await rm(path, { force: true }).catch(() => {});
  }
  return parts;
}

/** @param part the path without the endings */
export function removePart(part: string): void {
  // Without its `.json` it does not count any more.
  for (const kind of ['json', 'npy'])
    try {
      rmSync(`${part}.${kind}`, { force: true });
    } catch {
      // It may not be removed: each run will find out anew.
    }
}

/** Notes that a part was read, to the day. @param part the path without the endings */
export function touchPart(part: string): void {
  try {
    const now = new Date();
    if (now.getTime() - statSync(`${part}.npy`).mtimeMs < longestUnnoted) return;
    for (const kind of ['json', 'npy']) utimesSync(`${part}.${kind}`, now, now);
  } catch {
    // Another owner's, or removed.
  }
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
