import type { Engine } from '../engine/engine.js';
import { type Embedded, extractFeatures, type SkippedPicture } from '../features/extract.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { FolderError, listImages } from '../images/folder.js';
import { RandomState } from '../keras/random.js';
import type { Preparation } from './preparation.js';
import type { Reporter } from './reporter.js';

/** A picture with its class. */
export interface LabelledPicture extends Embedded {
  /** Index of the class. */
  readonly label: number;
}

/** The embeddings of a folder of classes. */
export interface Dataset {
  readonly folder: string;
  readonly classes: readonly string[];
  readonly pictures: readonly LabelledPicture[];
  readonly skipped: readonly SkippedPicture[];
}

/** Broken pictures, where they are not to be passed over. */
export class StrictError extends Error {
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
  const { classes, images, warnings } = await listImages(folder, { classes: wanted });
  for (const warning of warnings) reporter.warn(warning);
  reporter.info(`${folder}: ${images.length} pictures of ${classes.length} classes`);
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
  return { folder, classes, pictures: labelled, skipped };
}

/** One line for each picture that was passed over, and how many there were. */
export function reportSkipped(skipped: readonly SkippedPicture[], reporter: Reporter): void {
  for (const { path, reason } of skipped) reporter.warn(`Skipped ${path}: ${reason}`);
  if (skipped.length > 0) reporter.warn(`${skipped.length} pictures skipped.`);
}

/**
 * Holds back a share of each class's pictures, chosen by the seed: at least one of each class that has two.
 *
 * @param share from 0 to 1
 */
export function splitDataset(
  dataset: Dataset,
  share: number,
  seed: number,
): [training: Dataset, held: Dataset] {
  const random = new RandomState(seed);
  const held = new Set<LabelledPicture>();
  for (const label of dataset.classes.keys()) {
    const pictures = dataset.pictures.filter((picture) => picture.label === label);
    const count = Math.min(pictures.length - 1, Math.max(1, Math.round(pictures.length * share)));
    for (const i of random.permutation(pictures.length).slice(0, Math.max(0, count))) held.add(pictures[i]!);
  }
  const part = (keep: (picture: LabelledPicture) => boolean): Dataset => ({
    ...dataset,
    pictures: dataset.pictures.filter(keep),
  });
  return [part((picture) => !held.has(picture)), part((picture) => held.has(picture))];
}

/**
 * The data as a model trains on them: embeddings (N, D) and one-hot classes (N, C).
 *
 * @param views how many views of each picture to use
 */
export function toArrays(
  { pictures, classes }: Dataset,
  views: number,
): { x: Tensor<'float32'>; y: Tensor<'float32'> } {
  const width = pictures[0]?.views[0]?.length ?? 0;
  const count = pictures.length * views;
  const x = new Float32Array(count * width);
  const y = new Float32Array(count * classes.length);
  let row = 0;
  for (const picture of pictures)
    for (const view of picture.views.slice(0, views)) {
      x.set(view, row * width);
      y[row * classes.length + picture.label] = 1;
      row++;
    }
  return { x: float32(x, [count, width]), y: float32(y, [count, classes.length]) };
}
