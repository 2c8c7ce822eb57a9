import { ValueError } from '../../errors.js';
import { sliceRows } from '../../graph/rows.js';
import { float32, sizeOf, type Tensor } from '../../graph/tensor.js';
import { named } from '../../named-options.js';
import { ImageIterator, type IteratorOptions } from './image-iterator.js';
import type { ImageTransformer } from './image-transformer.js';
import type { ImageArray } from './transform.js';

/** Pictures in memory: (N, H, W, C). */
export type Pictures = Tensor;

/** Targets in memory: a tensor of N rows, or N numbers. */
export type Labels = Tensor | readonly number[];

export interface FlowOptions extends IteratorOptions {
  /** Weights of the samples. Default: none. */
  sampleWeight?: Labels | null;
  /** With `validationSplit`: the first part (`validation`), or the rest (`training`). Default: all. */
  subset?: 'training' | 'validation' | null;
  /** Allows the two parts to hold different classes. Default: false. */
  ignoreClassSplit?: boolean;
}

/** Batches of pictures in memory: `ImageDataGenerator.flow`. */
export class NumpyArrayIterator extends ImageIterator {
  readonly x: Tensor<'float32'>;
  readonly y: Tensor | null;
  readonly sampleWeight: Tensor | null;

  constructor(x: Pictures, y: Labels | null, generator: ImageTransformer, options: FlowOptions = {}) {
    const {
      sampleWeight = null,
      subset = null,
      ignoreClassSplit = false,
      ...others
    } = named(options, new.target);
    const targets = y && toTensor(y);
    const weights = sampleWeight && toTensor(sampleWeight);
    checkLengths(x, targets, '`y` (labels)', 'y');
    checkLengths(x, weights, '`sampleWeight`', 'sampleWeight');
    const part = subset && split(x, targets, { subset, ignoreClassSplit, generator });
    const pictures = part ? part.x : x;
    if (pictures.dims.length !== 4)
      throw new ValueError(
        `Input data in \`NumpyArrayIterator\` should have rank 4. You passed an array with shape ${shapeOf(pictures)}`,
      );
    const [count = 0, , , channels = 0] = pictures.dims;
    super(count, generator, others, 1e4);
    this.x = toFloats(pictures);
    this.y = part ? part.y : targets;
    this.sampleWeight = weights;
    if (![1, 3, 4].includes(channels))
      generator.warn(
        'NumpyArrayIterator is set to use the data format convention "channels_last" (channels on axis 3), ' +
          'i.e. expected either 1, 3, or 4 channels on axis 3. ' +
          `However, it was passed an array with shape ${shapeOf(pictures)} (${channels} channels).`,
      );
  }

  get imageShape(): readonly number[] {
    return this.x.dims.slice(1);
  }

  protected load(index: number): ImageArray {
    const size = sizeOf(this.imageShape);
    return float32(this.x.data.slice(index * size, (index + 1) * size), this.imageShape);
  }

  targets(indices: readonly number[]): Tensor[] {
    if (!this.y) return [];
    const targets = takeRows(this.y, indices);
    return this.sampleWeight ? [targets, takeRows(this.sampleWeight, indices)] : [targets];
  }
}

const toTensor = (values: Labels): Tensor => ('dims' in values ? values : float32(values));

const toFloats = (x: Tensor): Tensor<'float32'> =>
  x.type === 'float32' ? (x as Tensor<'float32'>) : float32(Array.from(x.data, Number), x.dims);

const shapeOf = ({ dims }: Tensor): string => `(${dims.join(', ')}${dims.length === 1 ? ',' : ''})`;

function checkLengths(x: Tensor, other: Tensor | null, name: string, short: string): void {
  if (other && other.dims[0] !== x.dims[0])
    throw new ValueError(
      `\`x\` (images tensor) and ${name} should have the same length. Found: x.shape = ${shapeOf(x)}, ${short}.shape = ${shapeOf(other)}`,
    );
}

interface SplitOptions {
  /** The part to take: `training` or `validation`. */
  subset: string;
  /** Allows the two parts to hold different classes. */
  ignoreClassSplit: boolean;
  /** Its `validationSplit` divides the pictures. */
  generator: ImageTransformer;
}

/** The first part of the pictures is for validation. As in Keras, weights of samples are not split. */
function split(x: Tensor, y: Tensor | null, { subset, ignoreClassSplit, generator }: SplitOptions) {
  if (subset !== 'training' && subset !== 'validation')
    throw new ValueError(`Invalid subset name: ${subset}; expected "training" or "validation".`);
  const [count = 0] = x.dims;
  const middle = Math.trunc(count * generator.options.validationSplit);
  if (y && !ignoreClassSplit && !holdSame(sliceRows(y, 0, middle), sliceRows(y, middle, count)))
    throw new ValueError(
      'Training and validation subsets have different number of classes after the split. ' +
        'If your numpy arrays are sorted by the label, you might want to shuffle them.',
    );
  const part = (tensor: Tensor) =>
    subset === 'validation' ? sliceRows(tensor, 0, middle) : sliceRows(tensor, middle, count);
  return { x: part(x), y: y && part(y) };
}

/** Whether two tensors hold the same values, in any order and number. */
function holdSame(a: Tensor, b: Tensor): boolean {
  const [left, right] = [new Set<number | bigint>(a.data), new Set<number | bigint>(b.data)];
  return left.size === right.size && [...left].every((value) => right.has(value));
}

/** The rows of these indices, in this order. */
function takeRows(tensor: Tensor, indices: readonly number[]): Tensor {
  const size = sizeOf(tensor.dims.slice(1));
  const data = tensor.data.slice(0, indices.length * size);
  for (const [i, index] of indices.entries())
    data.set(tensor.data.subarray(index * size, (index + 1) * size) as never, i * size);
  return { ...tensor, dims: [indices.length, ...tensor.dims.slice(1)], data } as Tensor;
}
