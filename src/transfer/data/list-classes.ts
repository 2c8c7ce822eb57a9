import { FolderError, isWorthTelling, listImages } from '#platform';
import type { SkippedPicture } from '../../classifier/dataset.js';
import { UserError } from '../../errors.js';
import type { Reporter } from '../reporter.js';

/** A folder of classes with the paths of its pictures, none of which was opened yet. */
export interface ClassFolder {
  readonly folder: string;
  /** In the order of the names' code points. */
  readonly classes: readonly string[];
  /** `label` is the index of the class. */
  readonly images: readonly { readonly path: string; readonly label: number }[];
  /** Files that a person may take for pictures, each with the reason to pass it over. */
  readonly passedOver: readonly SkippedPicture[];
  /** Sentences for a person to read before the pictures are used. */
  readonly warnings: readonly string[];
}

/** Broken pictures, where they are not to be passed over. */
export class StrictError extends UserError {
  override name = 'StrictError';
  constructor(skipped: readonly [SkippedPicture, ...SkippedPicture[]]) {
    const [first] = skipped;
    super(
      `Expected every picture to be usable. Received: ${skipped.length} that ${skipped.length === 1 ? 'is' : 'are'} not, the first ${first.path}: ${first.reason}`,
    );
  }
}

/** @throws StrictError when any picture had to be skipped, and none may be */
export function checkStrict([first, ...others]: readonly SkippedPicture[], strict = false): void {
  if (strict && first) throw new StrictError([first, ...others]);
}

/** A class that would be lost without a picture of it. */
export class LostClassError extends UserError {
  override name = 'LostClassError';
  constructor(classes: readonly string[], folder: string) {
    const names = classes.map((name) => `'${name}'`).join(', ');
    super(
      `Expected pictures of every class. Received: none that can be used of ${names} in ${folder}. Hint: mend or convert the pictures, or move the ${classes.length === 1 ? 'folder' : 'folders'} away.`,
    );
  }
}

/**
 * Lists the pictures of every class in a folder, and reports the files that it passes over.
 *
 * @throws FolderError when there are no pictures; LostClassError when a class has only files that cannot be used;
 * StrictError when a file is passed over and none may be
 */
export async function listClasses(
  folder: string,
  { strict }: { strict?: boolean },
  reporter: Reporter,
): Promise<ClassFolder> {
  const found = await listImages(folder).catch((error) => {
    if (error instanceof FolderError)
      reportLeftOut('Passed over', error.skipped.filter(isWorthTelling), reporter);
    throw error;
  });
  const { classes, images, lost, warnings } = found;
  const passedOver = found.skipped.filter(isWorthTelling);
  reportLeftOut('Passed over', passedOver, reporter);
  checkStrict(passedOver, strict);
  if (lost.length > 0) throw new LostClassError(lost, folder);
  return { folder, classes, images, passedOver, warnings };
}

/** The pictures whose class is among `classes`, with labels that count in these. */
export function relabel(found: ClassFolder, classes: readonly string[]): ClassFolder {
  const wanted = classes.map((name) => name.normalize());
  const labels = found.classes.map((name) => wanted.indexOf(name.normalize()));
  const images = found.images.flatMap(({ path, label: own }) => {
    const label = labels[own] ?? -1;
    return label < 0 ? [] : [{ path, label }];
  });
  return { ...found, classes, images };
}

/** Files with the same reason that are named one by one; of others, as annotations beside each picture, the number. */
const mostNamed = 10;

/** Tells of files that were left out, grouped by the reason, so that nobody misses one without knowing. */
export function reportLeftOut(
  how: 'Passed over' | 'Skipped',
  files: readonly SkippedPicture[],
  reporter: Reporter,
): void {
  const byReason = new Map<string, SkippedPicture[]>();
  for (const file of files) byReason.set(file.reason, [...(byReason.get(file.reason) ?? []), file]);
  for (const [reason, alike] of byReason) {
    for (const { path } of alike.slice(0, mostNamed)) reporter.warn(`${how} ${path}: ${reason}`);
    if (alike.length > mostNamed) reporter.warn(`${how} ${alike.length - mostNamed} more files: ${reason}`);
  }
}

/** Tells of pictures that cannot be used, and how many there are. */
export function reportSkipped(skipped: readonly SkippedPicture[], reporter: Reporter): void {
  reportLeftOut('Skipped', skipped, reporter);
  if (skipped.length > 0) reporter.warn(`${skipped.length} pictures skipped.`);
}

/** @throws LostClassError when none of the pictures of a class can be used */
export function checkLost(
  { folder, classes, images }: Pick<ClassFolder, 'folder' | 'classes' | 'images'>,
  usable: readonly { readonly label: number }[],
): void {
  const left = new Set(usable.map(({ label }) => label));
  const listed = new Set(images.map(({ label }) => label));
  const lost = classes.filter((_, label) => listed.has(label) && !left.has(label));
  if (lost.length > 0) throw new LostClassError(lost, folder);
}
