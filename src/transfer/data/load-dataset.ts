import { FolderError, hasSharp, isWorthTelling, listImages, type Skipped, sharpIsMissing } from '#platform';
import type { Dataset, SkippedPicture } from '../../classifier/dataset.js';
import type { Engine } from '../../engine/engine.js';
import { UserError } from '../../errors.js';
import { extractFeatures } from '../features/extract.js';
import type { Preparation } from '../features/preparation.js';
import type { Reporter } from '../reporter.js';

/** Broken pictures, where they are not to be passed over. */
export class StrictError extends UserError {
  override name = 'StrictError';
  constructor(skipped: readonly SkippedPicture[]) {
    const [first] = skipped;
    super(
      `Expected every picture to be usable. Received: ${skipped.length} that ${skipped.length === 1 ? 'is' : 'are'} not, the first ${first!.path}: ${first!.reason}`,
    );
  }
}

export interface LoadDatasetOptions {
  readonly engine: Engine;
  readonly preparation: Preparation;
  readonly views?: number;
  readonly seed?: number;
  readonly cache: string;
  readonly maxPixels?: number;
  readonly workers?: number;
  /** The classes to take, in this order. Default: every sub-folder with pictures. */
  readonly classes?: readonly string[];
  /** Whether a broken picture stops everything. */
  readonly strict?: boolean;
}

/**
 * Lists a folder of classes and embeds its pictures.
 *
 * @throws FolderError when there is nothing to work with; StrictError when a picture is broken and none may be
 */
export async function loadDataset(
  folder: string,
  options: LoadDatasetOptions,
  reporter: Reporter,
): Promise<Dataset> {
  const { preparation, strict = false, classes: wanted, ...rest } = options;
  const { classes, images, warnings, ...found } = await listImages(folder, { classes: wanted });
  const passedOver = found.skipped.filter(isWorthTelling);
  reportPassedOver(passedOver, reporter);
  if (!(await hasSharp())) reporter.warn(sharpIsMissing);
  for (const warning of warnings) reporter.warn(warning);
  const kinds = `${classes.length} ${classes.length === 1 ? 'class' : 'classes'}`;
  reporter.info(`${folder}: ${images.length} pictures of ${kinds}`);
  if (strict && passedOver.length > 0) throw new StrictError(passedOver);
  const { pictures, skipped } = await extractFeatures(
    images.map(({ path }) => path),
    {
      ...rest,
      preprocessing: preparation.preprocessing,
      backbone: preparation.backboneModel,
      features: preparation.backbone.features,
      detector: preparation.detector,
      onProgress: ({ done, total, cached, skipped }) =>
        reporter.progress('Extracting features', {
          done,
          total,
          note: [...(cached ? [`${cached} cached`] : []), ...(skipped ? [`${skipped} skipped`] : [])].join(
            ', ',
          ),
        }),
    },
  );
  reportSkipped(skipped, reporter);
  if (strict && skipped.length > 0) throw new StrictError(skipped);
  if (pictures.length === 0)
    throw new FolderError(folder, `whose ${images.length} pictures all had to be skipped`, {
      hint: `${skipped[0]!.path}: ${skipped[0]!.reason}`,
    });
  const labels = new Map(images.map(({ path, label }) => [path, label]));
  const labelled = pictures.map((picture) => ({ ...picture, label: labels.get(picture.path)! }));
  for (const [label, name] of classes.entries())
    if (!labelled.some((picture) => picture.label === label))
      reporter.warn(`Every picture of the class '${name}' had to be skipped.`);
  return { folder, classes, pictures: labelled, skipped: [...passedOver, ...skipped] };
}

/** Files with the same reason that are named one by one; of others, as annotations beside each picture, the number. */
const mostNamed = 10;

/** Tells of files that are not taken for pictures, so that nobody misses one without knowing. */
export function reportPassedOver(passedOver: readonly Skipped[], reporter: Reporter): void {
  const byReason = new Map<string, Skipped[]>();
  for (const file of passedOver) byReason.set(file.reason, [...(byReason.get(file.reason) ?? []), file]);
  for (const [reason, files] of byReason) {
    for (const { path } of files.slice(0, mostNamed)) reporter.warn(`Passed over ${path}: ${reason}`);
    if (files.length > mostNamed)
      reporter.warn(`Passed over ${files.length - mostNamed} more files: ${reason}`);
  }
}

/** One line for each picture that was passed over, and how many there were. */
export function reportSkipped(skipped: readonly SkippedPicture[], reporter: Reporter): void {
  for (const { path, reason } of skipped) reporter.warn(`Skipped ${path}: ${reason}`);
  if (skipped.length > 0) reporter.warn(`${skipped.length} pictures skipped.`);
}
