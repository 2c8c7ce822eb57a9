import { relative, sep } from 'node:path';
import { FolderError } from '#platform';
import type { ClassFolder } from './list-classes.js';

/** How people call the parts of a data set, in lower case. */
const trainNames: readonly string[] = ['train', 'training', 'train_set', 'trainset'];
const heldNames: readonly string[] = [
  ...['val', 'valid', 'validation', 'dev', 'test', 'testing', 'eval', 'evaluation', 'holdout'],
];

type ListedFolder = Pick<ClassFolder, 'folder' | 'classes' | 'images'>;

/** The parts of a data set in a folder where its classes were expected. */
export interface Splits {
  /** The part to train on; else any. */
  readonly train: string;
  /** The part to validate on, if there is one; of several, the one for validation rather than for tests. */
  readonly held: string | undefined;
}

/**
 * Refuses the folder above the splits, where their names would be taken for classes.
 *
 * @param hintOf gives the hint of the error, from the paths of the parts
 * @throws FolderError for sub-folders that are called like splits and whose own sub-folders agree
 */
export function refuseSplits(found: ListedFolder, hintOf: (splits: Splits) => string): void {
  const { folder, classes } = found;
  const inside = subfolders(found);
  const rank = (name: string) => [...trainNames, ...heldNames].indexOf(name.toLowerCase());
  const splits = classes.filter((name) => rank(name) >= 0 && inside.get(name)?.size);
  const [first, second] = splits.sort((a, b) => rank(a) - rank(b));
  if (first === undefined || (second === undefined && classes.length > 1)) return;
  const own = [...(inside.get(first) ?? [])];
  const common = own.filter((name) => second === undefined || inside.get(second)?.has(name));
  if (common.length === 0) return;
  const pathOf = (name: string) => quoted(`${folder.replace(/[/\\]+$/, '')}${sep}${name}`);
  throw new FolderError(folder, `whose sub-folders ${list(splits)} are splits of ${list(common)}`, {
    hint: hintOf({ train: pathOf(first), held: second && pathOf(second) }),
  });
}

/** The names of the folders right within each class that hold pictures. */
function subfolders({ folder, classes, images }: ListedFolder): Map<string, Set<string>> {
  const inside = new Map<string, Set<string>>(classes.map((name) => [name, new Set()]));
  for (const { path, label } of images) {
    const [, name, file] = relative(folder, path).split(sep);
    if (name !== undefined && file !== undefined) inside.get(classes[label] ?? '')?.add(name.normalize());
  }
  return inside;
}

/** At most four names, with commas between. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, 4).map((name) => `'${name}'`);
  return `${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`;
}

/** A path as a shell takes it. */
const quoted = (path: string): string =>
  /^[\p{L}\p{N}\p{M}_./\\:@+=,-]+$/u.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
