/** Embedded pictures with their classes. */

import { adjacent, joinFloats } from '../graph/rows.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { RandomState } from '../keras/random/random-state.js';

/** A picture that could not be used. */
export interface SkippedPicture {
  readonly path: string;
  readonly reason: string;
}

/** A picture as the backbone sees it. */
export interface Embedded {
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** The embedding of each view, (D). */
  readonly views: readonly Float32Array[];
}

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
    const chosen = new Set(random.permutation(pictures.length).slice(0, Math.max(0, count)));
    for (const [i, picture] of pictures.entries()) if (chosen.has(i)) held.add(picture);
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
  const rows = pictures.flatMap((picture) => picture.views.slice(0, views));
  const x = adjacent(rows) ?? joinFloats(rows);
  const y = new Float32Array(count * classes.length);
  for (const [i, { label }] of pictures.entries())
    for (let row = i * views; row < (i + 1) * views; row++) y[row * classes.length + label] = 1;
  return { x: float32(x, [count, width]), y: float32(y, [count, classes.length]) };
}
