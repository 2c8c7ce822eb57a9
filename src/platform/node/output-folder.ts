/** Files that belong together: they appear in their folder in one step, or not at all. */

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { mkdir, rename, rm, writeFile as write } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { makeWritableFolder, withPath, writeFile as writeWhole } from './files.js';
import { isRunning, processName } from './processes.js';
import { removeRemains } from './remains.js';

/** A folder that another run writes to. */
export class OutputBusyError extends UserError {
  override name = 'OutputBusyError';

  constructor(
    readonly folder: string,
    readonly owner: Owner,
  ) {
    super(
      `Expected one run at a time that writes to ${folder}. Received: a second; process ${owner.pid} on ${owner.host} is at it. Hint: wait for it, or name another \`out\`.`,
    );
  }
}

/** The process that writes to a folder. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Tells the runs of one process apart. */
  readonly run: number;
}

/** Where files grow, within the folder that they are for. */
const growing = '.unfinished';
/** Within that, the file that says whose it is; and the one that says that all files are whole, and lists older ones to remove. */
const ownerFile = 'owner.json';
const completeFile = 'complete';

/** Milliseconds after which an owner counts as gone that has given no sign of life. */
const silence = 10 * 60e3;

/** Runs of this process that write somewhere. */
const running = new Set<number>();
let runs = 0;

/**
 * A folder as one run of a job writes to it.
 *
 * Files grow in a sub-folder, which is there for as long as the run lasts and keeps other runs out. `commit` moves them
 * to their places. A run that was killed leaves the older files as they are, and its remains are removed by the next.
 */
export class OutputFolder {
  readonly #owner: Owner;
  readonly #signs: NodeJS.Timeout;
  readonly #removed: string[] = [];

  private constructor(
    readonly folder: string,
    owner: Owner,
  ) {
    this.#owner = owner;
    running.add(owner.run);
    this.#signs = setInterval(() => this.#giveSign(), silence / 20).unref();
  }

  /**
   * Takes the folder for this run; makes it where there is none.
   *
   * @throws OutputBusyError where another run writes to it; a system error where nothing can be written to it
   */
  static async open(folder: string): Promise<OutputFolder> {
    await makeWritableFolder(folder);
    const owner: Owner = { host: hostname(), pid: process.pid, run: ++runs };
    const own = join(folder, `${growing}.${processName()}.${owner.run}.tmp`);
    try {
      await mkdir(own);
      await write(join(own, ownerFile), JSON.stringify(owner));
      await take(folder, own);
    } catch (error) {
      await rm(own, { recursive: true, force: true });
      throw error instanceof OutputBusyError ? error : withPath(error, folder);
    }
    const output = new OutputFolder(folder, owner);
    for (const remains of await removeRemains(folder, growing)) finish(folder, remains);
    return output;
  }

  /** Where a file of this name grows until `commit`. */
  path(name: string): string {
    return join(this.folder, growing, name);
  }

  /** Writes a file, to appear with the others. */
  async write(name: string, content: Uint8Array | string): Promise<void> {
    await write(this.path(name), content).catch((error) => {
      throw withPath(error, join(this.folder, name));
    });
  }

  /** Leaves no file of this name, neither of before nor of this run. */
  remove(name: string): void {
    this.#removed.push(name);
  }

  /**
   * Moves all files to their places, at once.
   *
   * @throws OutputBusyError where another run took the folder while this one gave no sign of life
   */
  async commit(): Promise<void> {
    const owner = readOwner(join(this.folder, growing));
    if (owner && !isSame(owner, this.#owner)) throw new OutputBusyError(this.folder, owner);
    await writeWhole(this.path(completeFile), JSON.stringify(this.#removed));
    finish(this.folder, join(this.folder, growing));
    this.#end();
  }

  /** Leaves the folder as it was, unless `commit` was there before. */
  async close(): Promise<void> {
    if (!running.has(this.#owner.run)) return;
    const owner = readOwner(join(this.folder, growing));
    if (owner && isSame(owner, this.#owner))
      await rm(join(this.folder, growing), { recursive: true, force: true });
    this.#end();
  }

  #giveSign(): void {
    const now = new Date();
    try {
      utimesSync(this.path(ownerFile), now, now);
    } catch {
      // `commit` will tell.
    }
  }

  #end(): void {
    clearInterval(this.#signs);
    running.delete(this.#owner.run);
  }
}

/**
 * Runs a job whose files appear in `folder` together, when it ends well.
 *
 * @throws OutputBusyError where another run writes to the folder
 */
export async function writeTogether<T>(
  folder: string,
  job: (output: OutputFolder) => Promise<T>,
): Promise<T> {
  const output = await OutputFolder.open(folder);
  try {
    const result = await job(output);
    await output.commit();
    return result;
  } finally {
    await output.close();
  }
}

/** Puts a folder that names its owner in the place that only one can have. */
async function take(folder: string, own: string): Promise<void> {
  const place = join(folder, growing);
  for (;;) {
    try {
      // Fails where there is one already, for it holds at least the name of its owner.
      await rename(own, place);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(code ?? '')) throw error;
    }
    const owner = readOwner(place);
    if (owner && isAlive(owner, place)) throw new OutputBusyError(folder, owner);
    await clear(folder, own);
  }
}

/** Finishes the work of a run that has died: moves its files to their places where all are whole, else removes them. */
async function clear(folder: string, own: string): Promise<void> {
  const remains = own.replace(/tmp$/, 'old.tmp');
  try {
    await rename(join(folder, growing), remains);
  } catch (error) {
    // Another run was faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const owner = readOwner(remains);
  if (owner && isAlive(owner, remains)) {
    // Between a look and a move, another run had cleared it and begun its own.
    await rename(remains, join(folder, growing));
    throw new OutputBusyError(folder, owner);
  }
  finish(folder, remains);
}

/** Moves files to their places if all are whole, without a pause in which another might look. Removes the rest. */
function finish(folder: string, from: string): void {
  const complete = join(from, completeFile);
  if (existsSync(complete)) {
    const removed = JSON.parse(readFileSync(complete, 'utf8')) as string[];
    const others = new Set([ownerFile, completeFile, ...removed]);
    for (const name of removed) rmSync(join(folder, name), { force: true });
    for (const name of readdirSync(from))
      if (!others.has(name)) renameSync(join(from, name), join(folder, name));
  }
  rmSync(from, { recursive: true, force: true });
}

function readOwner(folder: string): Owner | null {
  try {
    return JSON.parse(readFileSync(join(folder, ownerFile), 'utf8')) as Owner;
  } catch {
    return null;
  }
}

const isSame = (a: Owner, b: Owner): boolean => a.host === b.host && a.pid === b.pid && a.run === b.run;

function isAlive(owner: Owner, folder: string): boolean {
  const isHere = owner.host === hostname();
  // Containers give the same number again and again, to this process, too.
  if (isHere && owner.pid === process.pid) return running.has(owner.run);
  if (isHere && !isRunning(owner.pid)) return false;
  const entry = statSync(join(folder, ownerFile), { throwIfNoEntry: false });
  return entry !== undefined && Date.now() - entry.mtimeMs < silence;
}
