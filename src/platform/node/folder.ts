/** Pictures on disk: a folder of classes, one sub-folder each. */

import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { compareCodePoints } from '../compare-code-points.js';
import { FolderError, unreadable } from './folder-error.js';
import { linkBack, mayBePicture, readFolder, type Skipped, type WalkOptions } from './read-folder.js';

export interface FoundImages {
  /** In Keras's order: folder by folder, names in the order of their code points. */
  readonly paths: string[];
  /** Files and folders that were passed over, each with the reason. */
  readonly skipped: Skipped[];
}

export interface ImageFolder {
  /** Names of sub-folders without pictures, where files were passed over that may be such. */
  readonly lost: string[];
  /**
   * Names of the sub-folders that hold pictures, in Unicode's form NFC, in the order of their code points, which is
   * Python's. Folders whose names differ in their encoding alone are one class.
   */
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
  const byName = groupByName(folders);
  const names = wanted ? wanted.filter((name) => byName.has(name.normalize())) : [...byName.keys()];
  const absent = (wanted ?? []).filter((name) => !byName.has(name.normalize()));
  if (absent.length > 0)
    throw new FolderError(folder, `which lacks ${list(absent)}`, { hint: `it has ${list(folders)}.` });
  if (names.length === 0) throw withoutFolders(folder, files, skipped);

  const classes: string[] = [];
  const empty: string[] = [];
  const lost: string[] = [];
  const images: { path: string; label: number }[] = [];
  for (const name of names) {
    const paths: string[] = [];
    const passedOver: Skipped[] = [];
    for (const path of (byName.get(name.normalize()) ?? []).map((below) => join(folder, below))) {
      const found = await walkFolder(path, [await realpath(folder)], options).catch((error): FoundImages => {
        const { received, folder: unread } = unreadable(path, error);
        return { paths: [], skipped: [{ path: unread, reason: received }] };
      });
      paths.push(...found.paths);
      passedOver.push(...found.skipped);
    }
    skipped.push(...passedOver);
    if (paths.length === 0) (passedOver.some(mayBePicture) ? lost : empty).push(name);
    if (paths.length === 0 && !wanted) continue;
    for (const path of paths) images.push({ path, label: classes.length });
    classes.push(name);
  }
  if (images.length === 0)
    throw new FolderError(folder, `whose ${names.length} sub-folders hold no pictures`, {
      hint:
        skipped[0] && `${skipped.length} files were passed over; ${skipped[0].path}: ${skipped[0].reason}.`,
      skipped,
    });

  const warnings = [
    ...[...empty, ...lost].map(
      (name) => `The class '${name}' has no pictures and is ${wanted ? 'empty' : 'left out'}.`,
    ),
    ...(classes.length === 1 ? [`'${classes[0]}' is the only class: there is nothing to tell it from.`] : []),
    ...(files.length > 0
      ? [
          `${count(files.length, 'picture')} in ${folder} itself ${files.length === 1 ? 'belongs' : 'belong'} to no class.`,
        ]
      : []),
    ...alike(classes),
  ];
  return { classes, images, lost, skipped, warnings };
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
      skipped.push({ path: current, reason: linkBack });
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
  const [known, judged] = [train, other].map((names) => new Set(names.map((name) => name.normalize())));
  return [
    ...other
      .filter((label) => !known?.has(label.normalize()))
      .map((label) => `The class '${label}' is in ${name} alone: the model cannot know it.`),
    ...train
      .filter((label) => !judged?.has(label.normalize()))
      .map(
        (label) => `The class '${label}' has no pictures in ${name}: nothing is known of how well it does.`,
      ),
  ];
}

/** Folders by their names in Unicode's form NFC: macOS and Linux write accents in different ways. */
function groupByName(folders: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const folder of folders) {
    const name = folder.normalize();
    groups.set(name, [...(groups.get(name) ?? []), folder]);
  }
  return new Map([...groups].sort(([a], [b]) => compareCodePoints(a, b)));
}

function withoutFolders(folder: string, files: readonly string[], skipped: readonly Skipped[]): FolderError {
  if (files.length > 0)
    return new FolderError(folder, `which has ${count(files.length, 'picture')} and no sub-folders`, {
      hint: `move the pictures of each class to a sub-folder with its name, like ${join(folder, 'cat')}${sep}.`,
    });
  const received =
    skipped.length > 0 ? `which has ${count(skipped.length, 'other file')} only` : 'which is empty';
  return new FolderError(folder, received, { skipped });
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
