import { ValueError } from '../../errors.js';
import { rowCount } from '../../graph/rows.js';
import type { Warn } from '../callbacks/callback.js';
import type { ImageIterator } from '../preprocessing/image-iterator.js';
import { globalTensorRandom } from '../random/global-random.js';
import type { RandomState } from '../random/random-state.js';
import type { ArrayLikeData, Batches, Inputs } from './data.js';
import { type Dataset, DatasetSource, isDataset, isImageIterator } from './dataset-source.js';
import type { Parts } from './parts.js';
import { type ClassWeight, type Form, splitSamples, toSamples, withClassWeight } from './samples.js';
import { ArraySource, IterableSource, isBatches, lengthOf, type Source } from './source.js';
import type { Samples } from './trainer.js';

/** Data for `fit` and `evaluate`. */
export type Data = Inputs | Batches | Dataset;

export interface SourceOptions {
  /** Targets of arrays. Default: none. */
  y?: ArrayLikeData | null;
  /** Weights of the samples of arrays. Default: 1 each. */
  sampleWeight?: ArrayLikeData | null;
  /** Weights of the classes by their indices. Default: 1 each. */
  classWeight?: ClassWeight;
  /** Samples a batch, for arrays. Default: 32, or as many as give `steps` batches. */
  batchSize?: number;
  /** Batches that will be taken of each pass. */
  steps: number | null;
  /** Whether samples come in an order of their own in each pass. */
  shuffle: boolean;
  /** Shuffles arrays. Default: the stream that `setRandomSeed` seeds. */
  random?: RandomState;
  /** The share of the arrays' end to hold back. Default: 0. */
  validationSplit?: number;
  /** Views of each picture to keep. Default: 1 where it is the same in each epoch, else `Infinity`: none are kept. */
  views?: number;
  /** Goes on with the next pass where one ends. Default: false. */
  endless?: boolean;
  /** Takes warnings. Default: `console.warn`. */
  warn?: Warn;
}

/** How a model reads its data. */
export interface Reader {
  readonly parts: Parts;
  readonly form: Form;
}

/** Batches of arrays, generators or data sets, and the samples that `validationSplit` holds back. */
export async function openSource(
  x: Data,
  { parts, form }: Reader,
  options: SourceOptions,
): Promise<{ source: Source; held: Samples | null }> {
  const { y = null, sampleWeight = null, classWeight, validationSplit = 0 } = options;
  if (!isDataset(x) && !isBatches(x)) {
    if (classWeight && sampleWeight !== null)
      throw new ValueError('You cannot `class_weight` and `sample_weight` at the same time.');
    const samples = await toSamples([x, y, sampleWeight], form);
    const [kept, held] = validationSplit ? splitSamples(samples, validationSplit) : [samples, null];
    return { source: arraySource(withClassWeight(kept, classWeight), options), held };
  }
  if (validationSplit)
    throw new ValueError(
      `Argument \`validation_split\` is only supported for tensors or NumPy arrays.Found incompatible type in the input: ${x.constructor.name}`,
    );
  const kind = isDataset(x) ? 'PyDataset' : 'generator';
  if (y !== null) refuse('y', 'the targets', kind);
  if (sampleWeight !== null) refuse('sample_weights', 'the sample weights', kind);
  const weighed = { ...form, classWeight };
  if (isDataset(x) && x.length === 0)
    throw new ValueError('The PyDataset has length 0. Hint: no pictures were found in it.');
  if (!isDataset(x))
    return { source: new IterableSource(x, lengthOf(x), weighed, options.endless), held: null };
  const { shuffle, endless, views, warn = console.warn } = options;
  const warning = isImageIterator(x) && parts.checkScaling(x.imageDataGenerator);
  if (warning) warn(warning);
  const cache = cacheFor(x, parts, views);
  const generator = isImageIterator(x) ? x.imageDataGenerator : null;
  const featuresOf = () => [
    parts.frozenVersion,
    generator?.mean?.data.join(),
    generator?.std?.data.join(),
    generator?.zcaWhiteningMatrix,
  ];
  const threads = isImageIterator(x) && givesFeatures(x) ? parts.threads : null;
  const source = new DatasetSource(x, weighed, { shuffle, endless, cache, threads, featuresOf });
  return { source, held: null };
}

/** Batches of samples in memory. */
export function arraySource(
  samples: Samples,
  { batchSize, steps, shuffle, random }: Pick<SourceOptions, 'batchSize' | 'steps' | 'shuffle' | 'random'>,
): ArraySource {
  const size = batchSize ?? (steps ? Math.ceil(rowCount(samples.y) / steps) : 32);
  if (!Number.isInteger(size) || size < 1)
    throw new ValueError(`Expected \`batchSize\` to be a positive whole number. Received: ${batchSize}.`);
  return new ArraySource(samples, size, shuffle ? (random ?? globalTensorRandom()) : null);
}

/** Whether features may take the place of pictures: not where those are written down, or are the targets. */
const givesFeatures = (dataset: ImageIterator): boolean =>
  dataset.saveToDir === null && !('classMode' in dataset && dataset.classMode === 'input');

/** Whether a picture is made the same in each epoch. */
const isSameInEachEpoch = ({ imageDataGenerator, imageShape }: ImageIterator): boolean =>
  !imageDataGenerator.isRandom && imageDataGenerator.isRepeatable(imageShape);

/** Where features are kept, if they may be. */
function cacheFor(dataset: Dataset, parts: Parts, views?: number) {
  if (!isImageIterator(dataset) || !givesFeatures(dataset)) return null;
  if (views === undefined && !(parts.hasFrozenWeights && isSameInEachEpoch(dataset))) return null;
  const count = views ?? 1;
  if (count === Number.POSITIVE_INFINITY) return null;
  if (!Number.isInteger(count) || count < 1)
    throw new ValueError(`Expected \`views\` to be a positive whole number. Received: ${views}.`);
  return parts.cacheFor(dataset, count);
}

function refuse(argument: string, description: string, kind: string): never {
  throw new ValueError(
    `When providing \`x\` as a ${kind}, \`${argument}\` should not be passed. Instead, ${description} should be included as part of the ${kind}.`,
  );
}
