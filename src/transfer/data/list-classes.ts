import { isWorthTelling, listImages, type Skipped } from '#platform';
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

/**
 * Lists the pictures of every class in a folder, and tells what it passes over.
 *
 * @throws FolderError when there are no pictures; StrictError when a file is passed over and none may be
 */
export async function listClasses(
  folder: string,
  { strict }: { strict?: boolean },
  reporter: Reporter,
): Promise<ClassFolder> {
  const { classes, images, skipped, warnings } = await listImages(folder);
  const passedOver = skipped.filter(isWorthTelling);
  reportPassedOver(passedOver, reporter);
  checkStrict(passedOver, strict);
  return { folder, classes, images, passedOver, warnings };
}

/** The pictures whose class is among `classes`, with labels that count in these. */
export function relabel(found: ClassFolder, classes: readonly string[]): ClassFolder {
  const labels = found.classes.map((name) => classes.indexOf(name));
  const images = found.images.flatMap(({ path, label: own }) => {
    const label = labels[own] ?? -1;
    return label < 0 ? [] : [{ path, label }];
  });
  return { ...found, classes, images };
}

/** Files with the same reason that are named one by one; of others, as annotations beside each picture, the number. */
const mostNamed = 10;

/** Tells of files that are not taken for pictures, so that nobody misses one without knowing. */
function reportPassedOver(passedOver: readonly Skipped[], reporter: Reporter): void {
  const byReason = new Map<string, Skipped[]>();
  for (const file of passedOver) byReason.set(file.reason, [...(byReason.get(file.reason) ?? []), file]);
  for (const [reason, files] of byReason) {
    for (const { path } of files.slice(0, mostNamed)) reporter.warn(`Passed over ${path}: ${reason}`);
    if (files.length > mostNamed)
      reporter.warn(`Passed over ${files.length - mostNamed} more files: ${reason}`);
  }
}
