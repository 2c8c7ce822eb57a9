/** Pictures on disk: a folder of classes, one sub-folder each. */

import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { compareCodePoints } from '../compare-code-points.js';
import { FolderError, unreadable } from './folder-error.js';
import { readFolder, type Skipped, type WalkOptions } from './read-folder.js';

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
  /** Sentences to read before training on this: on empty classes, on pictures outside of any class. */
  readonly warnings: string[];
}

/**
 * Lists a folder that has one sub-folder per class. Sub-folders of those are walked, too.
 *
 * Hidden files and folders are passed over, as are files that neither their name nor their content makes a picture.
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

/** @param within folders that this one lies in: links back to them are not followed */
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
 * Compares the classes of a validation or test folder with those that a model was trained on.
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
