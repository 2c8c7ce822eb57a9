import { decodeImage, readFile } from '#platform';
import { ValueError } from '../../errors.js';
import { float32, type Tensor, tensor } from '../../graph/tensor.js';
import { type InterpolationMethod, interpolate } from '../../images/resample/interpolate.js';
import type { Print, Warn } from '../callbacks/callback.js';
import { globalRandom } from '../random/global-random.js';
import { RandomState } from '../random/random-state.js';
import { firstOnly, warnOfClipping } from './clipping.js';
import { checkDatasetOptions, type DatasetOptions } from './dataset-options.js';
import { filesBelow, join, subfolders } from './directory.js';
import { channelsOf, type Image, type Size } from './image.js';
import type { ImageBatch } from './image-iterator.js';

/** Endings of picture files. Shorter than `ImageDataGenerator`'s list, as in Keras. */
const endings = ['.bmp', '.gif', '.jpeg', '.jpg', '.png'];

/** A file and the index of its class; −1 without labels. */
interface Sample {
  readonly path: string;
  readonly label: number;
}

/** Batches of the pictures in a folder; each `for await` over it is one pass. */
export class ImageDataset implements AsyncIterable<ImageBatch> {
  /** Where the pictures are, before any pass is shuffled. */
  readonly filePaths: readonly string[];
  #passes = 0;
  readonly #warn = firstOnly((message) => console.warn(message));

  constructor(
    private readonly samples: readonly Sample[],
    /** The names of the classes in the order of their indices; `null` without labels. */
    readonly classNames: readonly string[] | null,
    private readonly options: Required<DatasetOptions>,
    /** Seeds the order of each pass; `null` keeps the order. */
    private readonly seed: number | null,
  ) {
    this.filePaths = samples.map(({ path }) => path);
  }

  /** Batches a pass. */
  get length(): number {
    return Math.ceil(this.samples.length / (this.options.batchSize ?? 1));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ImageBatch> {
    const pass = this.#passes++;
    const samples = [...this.samples];
    if (this.seed !== null) new RandomState([this.seed, pass]).shuffle(samples);
    const size = this.options.batchSize ?? 1;
    for (let start = 0; start < samples.length; start += size)
      yield await this.#batch(samples.slice(start, start + size));
  }

  async #batch(samples: readonly Sample[]): Promise<ImageBatch> {
    const { batchSize, imageSize, colorMode } = this.options;
    const shape = [...imageSize, channelsOf(colorMode)];
    const pictures = await Promise.all(samples.map(({ path }) => load(path, this.options, this.#warn)));
    const x = new Float32Array(shape.reduce((a, b) => a * b, samples.length));
    for (const [i, picture] of pictures.entries()) x.set(picture, i * picture.length);
    const batch = [float32(x, [samples.length, ...shape]), ...this.#labels(samples)];
    const unbatched = ({ type, data, dims }: Tensor) => tensor(type, data as never, dims.slice(1));
    return (batchSize === null ? batch.map(unbatched) : batch) as ImageBatch;
  }

  #labels(samples: readonly Sample[]): Tensor[] {
    const labels = samples.map(({ label }) => label);
    const count = this.classNames?.length ?? 0;
    switch (this.options.labelMode) {
      case 'int':
        return [tensor('int32', Int32Array.from(labels), [labels.length])];
      case 'binary':
        return [float32(labels, [labels.length, 1])];
      case 'categorical': {
        const rows = new Float32Array(labels.length * count);
        for (const [i, label] of labels.entries()) rows[i * count + label] = 1;
        return [float32(rows, [labels.length, count])];
      }
      default:
        return [];
    }
  }
}

/**
 * Batches of the pictures in a folder of folders, one a class: `keras.utils.image_dataset_from_directory`.
 *
 * The files, their first shuffle and the split into training and validation (the last part of the shuffled files)
 * are Keras's. Two things differ: the further shuffle before each pass is another than `tf.data`'s, whose generator
 * is TensorFlow's own; and pictures are decoded as Pillow does, where TensorFlow computes grey levels and some JPEGs
 * slightly differently.
 *
 * @returns a dataset, or training and validation data with `subset: 'both'`
 * @throws ValueError when options contradict each other, or no pictures are found
 *
 * @example
 * const data = imageDatasetFromDirectory('waste', { imageSize: [224, 224], seed: 1 });
 * for await (const [x, y] of data) …
 */
export function imageDatasetFromDirectory(
  directory: string,
  options: DatasetOptions & { subset: 'both' },
): [training: ImageDataset, validation: ImageDataset];
export function imageDatasetFromDirectory(
  directory: string,
  options?: DatasetOptions & { subset?: 'training' | 'validation' | null },
): ImageDataset;
export function imageDatasetFromDirectory(directory: string, options: DatasetOptions = {}) {
  const settings = checkDatasetOptions(options);
  const { shuffle, subset, validationSplit, labelMode, print } = settings;
  const seed = settings.seed ?? globalRandom().randint(1e6);
  const { samples, classNames } = indexDirectory(directory, settings);
  if (labelMode === 'binary' && classNames?.length !== 2)
    throw new ValueError(
      `When passing \`labelMode: 'binary'\`, there must be exactly 2 classNames. Received: ${classNames}`,
    );
  if (shuffle) new RandomState(seed).shuffle(samples);
  const part = (name: typeof subset, kind: string, order: number | null) => {
    const chosen = name && validationSplit ? takePart(samples, validationSplit, name, print) : samples;
    if (chosen.length === 0)
      throw new ValueError(
        `No ${kind}images found in directory ${directory}. Allowed formats: ${endings.join(', ')}`,
      );
    return new ImageDataset(chosen, classNames, settings, order);
  };
  const order = shuffle ? seed : null;
  if (subset === 'both')
    return [part('training', 'training ', order), part('validation', 'validation ', null)];
  return part(subset, '', order);
}

/** Every picture with its class, class after class. */
function indexDirectory(
  directory: string,
  { labels, classNames: wanted, followLinks, verbose, print }: Required<DatasetOptions>,
): { samples: Sample[]; classNames: readonly string[] | null } {
  const found = (count: number, classes?: number) => {
    if (verbose)
      print(`Found ${count} files${classes === undefined ? '' : ` belonging to ${classes} classes`}.\n`);
  };
  if (labels === 'inferred') {
    const present = subfolders(directory).filter((name) => !name.startsWith('.'));
    const unknown = wanted?.some((name) => !present.includes(name));
    if (unknown)
      throw new ValueError(
        'The `classNames` passed did not match the names of the subdirectories of the target directory. ' +
          `Expected: ${present} (or a subset of it), but received: classNames=${wanted}`,
      );
    const classNames = wanted ?? present;
    const samples = classNames.flatMap((name, label) =>
      filesBelow(join(directory, name), endings, followLinks).map((file) => ({
        path: join(join(directory, name), file),
        label,
      })),
    );
    found(samples.length, classNames.length);
    return { samples, classNames };
  }
  const paths = filesBelow(directory, endings, followLinks).map((file) => join(directory, file));
  if (labels === null) {
    found(paths.length);
    return { samples: paths.map((path) => ({ path, label: -1 })), classNames: null };
  }
  if (labels.length !== paths.length)
    throw new ValueError(
      'Expected the lengths of `labels` to match the number of files in the target directory. ' +
        `labels.length is ${labels.length} while we found ${paths.length} files in directory ${directory}.`,
    );
  const classNames = [...new Set(labels)].sort((a, b) => a - b).map(String);
  found(paths.length, classNames.length);
  return { samples: Array.from(labels, (label, i) => ({ path: paths[i] ?? '', label })), classNames };
}

/** The last part is for validation. */
function takePart(
  samples: readonly Sample[],
  split: number,
  subset: string,
  print: Print,
): readonly Sample[] {
  const count = Math.trunc(split * samples.length);
  if (subset === 'training') {
    print(`Using ${samples.length - count} files for training.\n`);
    // Without any file for validation there are none for training, either: Python's `samples[:-0]`.
    return samples.slice(0, -count);
  }
  print(`Using ${count} files for validation.\n`);
  return samples.slice(-count);
}

/** A picture's levels, stretched to the size asked for: float32 of H × W × channels. */
async function load(path: string, options: Required<DatasetOptions>, warn: Warn): Promise<Float32Array> {
  const { colorMode, imageSize, cropToAspectRatio, padToAspectRatio } = options;
  const method = options.interpolation as InterpolationMethod;
  const image = await decodeImage(await readFile(path), {
    channels: channelsOf(colorMode),
    exif: false,
    levels: 'pillow',
  });
  if (image.isClipped) warnOfClipping(path, warn);
  if (cropToAspectRatio) return interpolate(cropped(image, imageSize), imageSize, method);
  return padToAspectRatio ? padded(image, imageSize, method) : interpolate(image, imageSize, method);
}

/** The largest part of the target's proportions about the centre: Keras's `smart_resize`. */
function cropped(image: Image, [targetHeight, targetWidth]: Size): Image {
  const { width, height, channels, data } = image;
  const limit = (side: number, other: number) => Math.max(Math.min(side, Math.trunc(Math.fround(other))), 1);
  const newHeight = limit(height, (width * targetHeight) / targetWidth);
  const newWidth = limit(width, (height * targetWidth) / targetHeight);
  const top = Math.trunc((height - newHeight) / 2);
  const left = Math.trunc((width - newWidth) / 2);
  const out = new Uint8Array(newHeight * newWidth * channels);
  for (let y = 0; y < newHeight; y++) {
    const from = ((top + y) * width + left) * channels;
    out.set(data.subarray(from, from + newWidth * channels), y * newWidth * channels);
  }
  return { width: newWidth, height: newHeight, channels, data: out };
}

/** The whole picture, with black beside it: TensorFlow's `resize_with_pad`, in float32 as there. */
function padded(image: Image, [targetHeight, targetWidth]: Size, method: InterpolationMethod): Float32Array {
  const { channels } = image;
  const ratio = Math.max(Math.fround(image.width / targetWidth), Math.fround(image.height / targetHeight));
  const [height, width] = [Math.fround(image.height / ratio), Math.fround(image.width / ratio)];
  const top = Math.max(Math.floor((targetHeight - height) / 2), 0);
  const left = Math.max(Math.floor((targetWidth - width) / 2), 0);
  const row = Math.floor(width) * channels;
  const levels = interpolate(image, [Math.floor(height), Math.floor(width)], method);
  const out = new Float32Array(targetHeight * targetWidth * channels);
  for (let y = 0; y < Math.floor(height); y++)
    out.set(levels.subarray(y * row, (y + 1) * row), ((top + y) * targetWidth + left) * channels);
  return out;
}
