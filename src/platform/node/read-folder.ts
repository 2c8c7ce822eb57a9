/** Reads one folder: its pictures, its folders, and the entries that are passed over, each with the reason. */

import type { Dirent } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { foreignKind, isPicture, lookBytes } from '../../images/formats/read-header.js';
import { compareCodePoints } from '../compare-code-points.js';
import { unreadable } from './folder-error.js';

/** How the names of pictures end. Files of other names are judged by their content. */
export const imageExtensions: readonly string[] = [
  ...['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'avif', 'gif', 'bmp', 'dib', 'tif', 'tiff'],
  ...['ppm', 'pgm', 'pbm', 'pnm'],
];

/** How the names of cameras' raw files end. Many begin like a TIFF, but hold a small preview where its picture would be. */
const rawExtensions: readonly string[] = [
  ...['3fr', 'arw', 'cr2', 'dng', 'erf', 'iiq', 'nef', 'nrw', 'orf', 'pef', 'rw2', 'sr2', 'srw'],
];

export interface WalkOptions {
  /** Without the dot, in lower case. Default: `imageExtensions`. */
  extensions?: readonly string[];
  /** Whether links to folders are entered. Links to files always count as files. Default: true. */
  followLinks?: boolean;
}

export interface Skipped {
  /** As `images` have it: the folder's path with the names below it. */
  readonly path: string;
  readonly reason: string;
}

/** The entries of a folder, sorted into kinds. */
interface Contents {
  readonly folders: string[];
  readonly files: string[];
  readonly skipped: Skipped[];
}

/**
 * Lists one folder's sub-folders and picture files, both in the order of their code points.
 *
 * @throws FolderError when it cannot be read
 */
export async function readFolder(
  folder: string,
  { extensions = imageExtensions, followLinks = true }: WalkOptions,
): Promise<Contents> {
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (cause) {
    throw unreadable(folder, cause);
  }
  const folders: string[] = [];
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const unnamed: string[] = [];
  for (const entry of entries) {
    const name = entry.name.toString();
    const path = join(folder, name);
    if (!Buffer.from(name).equals(entry.name)) {
      skipped.push({ path, reason: 'its name is not UTF-8; rename it' });
      continue;
    }
    const kind = await kindOf(entry, path);
    if (kind === 'folder' && !isHiddenFolder(name)) {
      if (followLinks || !entry.isSymbolicLink()) folders.push(name);
      else skipped.push({ path, reason: 'a link to a folder' });
    } else if (kind !== 'file' || isHidden(name)) skipped.push({ path, reason: reasonToSkip(kind) });
    else if (extensions.includes(extensionOf(name))) files.push(name);
    else unnamed.push(name);
  }
  for (let i = 0; i < unnamed.length; i += atOnce) {
    const paths = unnamed.slice(i, i + atOnce).map((name) => ({ name, path: join(folder, name) }));
    const reasons = await Promise.all(paths.map(({ path }) => reasonByContent(path)));
    for (const [k, { name, path }] of paths.entries()) {
      const reason = reasons[k];
      if (reason === undefined) files.push(name);
      else skipped.push({ path, reason });
    }
  }
  folders.sort(compareCodePoints);
  files.sort(compareCodePoints);
  return { folders, files, skipped };
}

type Kind = 'file' | 'folder' | 'broken link' | 'special';

async function kindOf(entry: Dirent<Buffer>, path: string): Promise<Kind> {
  let target: Pick<Dirent, 'isFile' | 'isDirectory'> = entry;
  if (!entry.isFile() && !entry.isDirectory()) {
    // A link, or a file system that does not tell.
    try {
      target = await stat(path);
    } catch {
      return 'broken link';
    }
  }
  return target.isFile() ? 'file' : target.isDirectory() ? 'folder' : 'special';
}

function reasonToSkip(kind: Kind): string {
  if (kind === 'broken link') return 'a link that leads nowhere';
  if (kind === 'special') return 'neither a file nor a folder';
  return hidden;
}

/** Files that are looked into at once. */
const atOnce = 16;

/** Why a file that is not named like a picture is none that is read; undefined when it is one. */
async function reasonByContent(path: string): Promise<string | undefined> {
  const extension = extensionOf(path);
  if (rawExtensions.includes(extension)) return "a camera's raw file; convert it to JPEG or PNG";
  const start = await readStart(path).catch((error: NodeJS.ErrnoException) => {
    if (/^E(MFILE|NFILE|NOMEM)$/.test(error.code ?? '')) throw error;
    return new Uint8Array();
  });
  if (isPicture(start)) return undefined;
  const kind = foreignKind(start);
  if (kind) return `${kind}, which is not read; convert it to JPEG or PNG`;
  return extension === '' ? nameless : `.${extension}${otherName}`;
}

/** The bytes that tell a file's kind. */
async function readStart(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(lookBytes), 0, lookBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Files that systems keep from view: nobody misses them. */
const hidden = 'hidden';
const isHidden = (name: string): boolean => name.startsWith('.') || /^(thumbs\.db|desktop\.ini)$/i.test(name);

/** Folders that systems and storage devices make for themselves. */
const systemFolders: ReadonlySet<string> = new Set([
  ...['@eadir', '#recycle', '$recycle.bin', 'system volume information', 'lost+found', '__macosx'],
]);
const isHiddenFolder = (name: string): boolean =>
  name.startsWith('.') || systemFolders.has(name.toLowerCase());

/** Reasons to pass over an entry that is not a picture. */
export const linkBack = 'a link back to a folder that it lies in';
const nameless = 'its name has no extension';
const otherName = ' is not the extension of a picture';

/** Whether an entry that was passed over may still be a picture, or a folder that holds some. */
export const mayBePicture = ({ reason }: Skipped): boolean =>
  ![hidden, nameless, linkBack].includes(reason) && !reason.endsWith(otherName);

/** Whether a person may have taken an entry that was passed over for a picture. */
export const isWorthTelling = ({ reason }: Skipped): boolean => reason !== hidden;

const extensionOf = (name: string): string => /\.([^./\\]*)$/.exec(name)?.[1]?.toLowerCase() ?? '';
