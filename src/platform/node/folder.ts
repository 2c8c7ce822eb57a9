/** Pictures on disk: a folder of classes, one sub-folder each. */

import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { UserError } from '../../errors.js';
import { compareCodePoints } from '../compare-code-points.js';

/** File names that are worth a look, by their end. What a file really is, its content says. */
export const imageExtensions: readonly string[] = [
  ...['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'gif', 'bmp', 'dib', 'tif', 'tiff'],
  ...['ppm', 'pgm', 'pbm', 'pnm'],
];

export interface WalkOptions {
  /** Without the dot, in lower case. Default: `imageExtensions`. */
  extensions?: readonly string[];
  /** Whether links to folders are entered. Links to files always count as files. Default: true. */
  followLinks?: boolean;
}

export interface Skipped {
  /** As `images` have it: the folder's path with what lies below it. */
  readonly path: string;
  readonly reason: string;
}

export interface FoundImages {
  /** In Keras's order: folder by folder, names in the order of their code points. */
  readonly paths: string[];
  /** Files and folders that were passed over, each with the reason. */
  readonly skipped: Skipped[];
}

export interface ImageFolder {
  /** Names of the sub-folders that hold pictures, in the order of their code points, which is Python's. */
  readonly classes: string[];
  /** `label` is the index of the class. */
  readonly images: { readonly path: string; readonly label: number }[];
  readonly skipped: Skipped[];
  /** What a person should know before training on this: empty classes, pictures outside of any class. */
  readonly warnings: string[];
}

/** A folder that holds no pictures to learn from. */
export class FolderError extends UserError {
  override name = 'FolderError';

  constructor(
    readonly folder: string,
    readonly received: string,
    { hint, cause }: { hint?: string; cause?: unknown } = {},
  ) {
    super(
      `Expected a folder with one sub-folder of pictures per class. Received: ${folder}, ${received}.${hint ? ` Hint: ${hint}` : ''}`,
      { cause },
    );
  }
}

/**
 * Lists a folder that has one sub-folder per class. Sub-folders of those are walked, too.
 *
 * Hidden files and folders are passed over, as are files whose names do not end like a picture's.
 *
 * @param options.classes the classes to take, in this order. Default: every sub-folder with pictures.
 * @throws FolderError when the folder cannot be read, has no sub-folders, or no pictures in them
 *
 * @example
 * const { classes, images } = await listImages('data/train');
 */
export async function listImages(
  folder: string,
  { classes: wanted, ...options }: WalkOptions & { classes?: readonly string[] } = {},
): Promise<ImageFolder> {
  const { folders, files, skipped } = await readFolder(folder, options);
  const names = wanted ? wanted.filter((name) => folders.includes(name)) : folders;
  const absent = (wanted ?? []).filter((name) => !folders.includes(name));
  if (absent.length > 0)
    throw new FolderError(folder, `which lacks ${list(absent)}`, { hint: `it has ${list(folders)}.` });
  if (names.length === 0) throw withoutFolders(folder, files, skipped);

  const classes: string[] = [];
  const empty: string[] = [];
  const images: { path: string; label: number }[] = [];
  for (const name of names) {
    const found = await walkFolder(join(folder, name), [await realpath(folder)], options).catch(
      (error): FoundImages => {
        const { received, folder: path } = unreadable(join(folder, name), error);
        return { paths: [], skipped: [{ path, reason: received }] };
      },
    );
    skipped.push(...found.skipped);
    if (found.paths.length === 0) empty.push(name);
    if (found.paths.length === 0 && !wanted) continue;
    for (const path of found.paths) images.push({ path, label: classes.length });
    classes.push(name);
  }
  if (images.length === 0)
    throw new FolderError(folder, `whose ${names.length} sub-folders hold no pictures`, {
      hint:
        skipped[0] && `${skipped.length} files were passed over; ${skipped[0].path}: ${skipped[0].reason}.`,
    });

  const warnings = [
    ...empty.map((name) => `The class '${name}' has no pictures and is ${wanted ? 'empty' : 'left out'}.`),
    ...(classes.length === 1 ? [`'${classes[0]}' is the only class: there is nothing to tell it from.`] : []),
    ...(files.length > 0
      ? [
          `${count(files.length, 'picture')} in ${folder} itself ${files.length === 1 ? 'belongs' : 'belong'} to no class.`,
        ]
      : []),
    ...alike(classes),
  ];
  return { classes, images, skipped, warnings };
}

/**
 * Finds the pictures in a folder and below it, in the order of Keras's `flow_from_directory`.
 *
 * @throws FolderError when the folder itself cannot be read
 */
export const findImages = (folder: string, options: WalkOptions = {}): Promise<FoundImages> =>
  walkFolder(folder, [], options);

/** @param within what the folder lies in: links back to there are not followed */
async function walkFolder(
  folder: string,
  within: readonly string[],
  options: WalkOptions,
): Promise<FoundImages> {
  const skipped: Skipped[] = [];
  const byFolder: { folder: string; files: string[] }[] = [];
  const walk = async (current: string, above: readonly string[]): Promise<void> => {
    const contents = await readFolder(current, options);
    const real = await realpath(current);
    if (above.includes(real)) {
      skipped.push({ path: current, reason: 'a link back to a folder that it lies in' });
      return;
    }
    byFolder.push({ folder: current, files: contents.files });
    skipped.push(...contents.skipped);
    for (const name of contents.folders) {
      const path = join(current, name);
      try {
        await walk(path, [...above, real]);
      } catch (error) {
        skipped.push({ path, reason: unreadable(path, error).received });
      }
    }
  };
  await walk(folder, within);
  byFolder.sort((a, b) => compareCodePoints(a.folder, b.folder));
  return { paths: byFolder.flatMap((entry) => entry.files.map((name) => join(entry.folder, name))), skipped };
}

/**
 * What keeps a validation or test folder from judging a model that was trained on other classes.
 *
 * @returns a sentence for each class that only one of the two has
 */
export function compareClasses(
  train: readonly string[],
  other: readonly string[],
  name = 'validation',
): string[] {
  return [
    ...other
      .filter((label) => !train.includes(label))
      .map((label) => `The class '${label}' is in ${name} alone: the model cannot know it.`),
    ...train
      .filter((label) => !other.includes(label))
      .map(
        (label) => `The class '${label}' has no pictures in ${name}: nothing is known of how well it does.`,
      ),
  ];
}

interface Contents {
  readonly folders: string[];
  readonly files: string[];
  readonly skipped: Skipped[];
}

/** One folder's sub-folders and picture files, sorted. */
async function readFolder(
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
  for (const entry of entries) {
    const name = entry.name.toString();
    const path = join(folder, name);
    if (!Buffer.from(name).equals(entry.name)) {
      skipped.push({ path, reason: 'its name is not UTF-8; rename it' });
      continue;
    }
    const kind = await kindOf(entry, path);
    if (kind === 'folder' && !name.startsWith('.')) {
      if (followLinks || !entry.isSymbolicLink()) folders.push(name);
      else skipped.push({ path, reason: 'a link to a folder' });
    } else if (kind === 'file' && !name.startsWith('.') && extensions.includes(extensionOf(name)))
      files.push(name);
    else skipped.push({ path, reason: reasonToSkip(kind, name) });
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

function reasonToSkip(kind: Kind, name: string): string {
  if (kind === 'broken link') return 'a link that leads nowhere';
  if (kind === 'special') return 'neither a file nor a folder';
  if (isHidden(name)) return hidden;
  const extension = extensionOf(name);
  return extension === '' ? 'its name has no extension' : `.${extension} is not the extension of a picture`;
}

/** What systems keep from view: it is no surprise that it is passed over. */
const hidden = 'hidden';
const isHidden = (name: string): boolean => name.startsWith('.') || /^(thumbs\.db|desktop\.ini)$/i.test(name);

/** Whether a person may have taken what was passed over for a picture. */
export const isWorthTelling = ({ reason }: Skipped): boolean => reason !== hidden;

const extensionOf = (name: string): string => /\.([^.]*)$/.exec(name)?.[1]?.toLowerCase() ?? '';

function unreadable(folder: string, cause: unknown): FolderError {
  if (cause instanceof FolderError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'which does not exist',
    ENOTDIR: 'which is a file',
    EACCES: 'which may not be read',
    EPERM: 'which may not be read',
    ELOOP: 'a link that leads in circles',
  };
  return new FolderError(folder, reasons[code ?? ''] ?? `which cannot be read (${code})`, { cause });
}

function withoutFolders(folder: string, files: readonly string[], skipped: readonly Skipped[]): FolderError {
  if (files.length > 0)
    return new FolderError(folder, `which has ${count(files.length, 'picture')} and no sub-folders`, {
      hint: `move the pictures of each class to a sub-folder with its name, like ${join(folder, 'cat')}${sep}.`,
    });
  return new FolderError(
    folder,
    skipped.length > 0 ? `which has ${count(skipped.length, 'other file')} only` : 'which is empty',
  );
}

/** Classes whose names differ in case or in how accents are encoded: mostly one class by two names. */
function alike(classes: readonly string[]): string[] {
  const seen = new Map<string, string>();
  return classes.flatMap((name) => {
    const key = name.normalize('NFKC').toLowerCase().trim();
    const other = seen.get(key);
    seen.set(key, name);
    return other === undefined ? [] : [`The classes '${other}' and '${name}' have nearly the same name.`];
  });
}

const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ') || 'nothing';

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
