import { existsSync, readdirSync, statSync } from 'node:fs';
import {
  access,
  appendFile as append,
  constants,
  copyFile as copy,
  mkdir,
  readFile as readFileBytes,
  rename,
  rm,
  stat,
  writeFile as write,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ValueError } from '../../errors.js';
import { processName } from './processes.js';

/** A name in a folder. */
export interface FolderEntry {
  readonly name: string;
  /** Whether it is a folder, or a link to one. */
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/**
 * The bytes of a file that the user names.
 *
 * @throws ValueError for pipes, devices and sockets, which may never end; a system error where nothing can be read
 */
export async function readFile(path: string): Promise<Uint8Array> {
  const entry = await stat(path);
  if (!entry.isFile() && !entry.isDirectory())
    throw new ValueError(`Expected a file. Received: ${path}, neither a file nor a folder.`);
  return readFileBytes(path);
}

/** The text of a file that the user names, without a byte order mark. @throws as `readFile` does */
export const readText = async (path: string): Promise<string> =>
  new TextDecoder().decode(await readFile(path));

/** Writes a file under a temporary name first, so that it is never seen half-written. Makes its folder. */
export async function writeFile(path: string, content: Uint8Array | string): Promise<void> {
  await makeFolderOf(path);
  const temporary = `${path}.${processName()}.tmp`;
  try {
    await write(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw withPath(error, path);
  }
}

/** Adds to the end of a file, which may be new. Makes its folder. */
export async function appendFile(path: string, content: Uint8Array | string): Promise<void> {
  await makeFolderOf(path);
  await append(path, content).catch((error) => {
    throw withPath(error, path);
  });
}

/** A system error that names the file that was asked for: of a full disk, Node tells no name, of others a temporary one. */
export const withPath = (error: unknown, path: string): unknown => Object.assign(error as Error, { path });

/**
 * Makes a folder, or finds that it is there.
 *
 * @throws a system error where it cannot be made or nothing can be written to it
 */
export async function makeWritableFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    // `mkdir` says of a file in the place of the folder that it is there already.
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'EEXIST' ? Object.assign(error as Error, { code: 'ENOTDIR', path }) : error;
  }
  await access(path, constants.W_OK | constants.X_OK);
}

/** The entries of a folder, or `null` where there is none. Synchronous, since Keras's iterators know their size at once. */
export function listDirectory(path: string): FolderEntry[] | null {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return null;
  return readdirSync(path, { withFileTypes: true }).map((entry) => {
    const isLink = entry.isSymbolicLink();
    const target = isLink && statSync(join(path, entry.name), { throwIfNoEntry: false });
    return { name: entry.name, isFolder: target ? target.isDirectory() : entry.isDirectory(), isLink };
  });
}

export const fileExists = async (path: string): Promise<boolean> => existsSync(path);

/** Makes the folder that `path` lies in, with those above it. */
export async function makeFolderOf(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
}

export const copyFile = async (from: string, to: string): Promise<void> => copy(from, to);

/** Removes a file or a folder with all it holds; nothing happens where there is none. */
export const remove = async (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Writes text to standard output as it is. */
export function print(text: string): void {
  process.stdout.write(text);
}
