import { float32, sizeOf, type Tensor } from '../../graph/tensor.js';
import { ValueError } from '../layers/layer.js';

/** Nested arrays of numbers, as NumPy makes arrays of. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** Data for a model: a tensor of float32, or what can be made one. */
export type ArrayLikeData = Tensor | readonly NestedNumbers[];

/** A batch as generators yield it: inputs, targets, weights of the samples. */
export type Batch = readonly [
  x: ArrayLikeData | readonly Tensor[],
  y?: ArrayLikeData | null,
  sampleWeight?: ArrayLikeData | null,
];

/** Yields batches: an iterator of `flowFromDirectory`, a generator, a list. */
export type Batches = AsyncIterable<Batch> | Iterable<Batch>;

/** Data as a float32 tensor: pictures as 0–255 levels become floats of the same values. */
export function toFloatTensor(data: ArrayLikeData): Tensor<'float32'> {
  if (!isTensor(data)) {
    const dims: number[] = [];
    for (let level: NestedNumbers = data; Array.isArray(level); level = level[0]) dims.push(level.length);
    const values = (data as readonly unknown[]).flat(Number.POSITIVE_INFINITY) as number[];
    if (values.length !== sizeOf(dims))
      throw new ValueError(
        `Expected nested arrays of equal lengths. Received: ${values.length} values for (${dims}).`,
      );
    return float32(values, dims);
  }
  return data.type === 'float32'
    ? (data as Tensor<'float32'>)
    : float32(Array.from(data.data, Number), data.dims);
}

const isTensor = (data: unknown): data is Tensor =>
  typeof data === 'object' && data !== null && 'dims' in data;

/** One tensor for each input of a model. */
export const toInputs = (x: ArrayLikeData | readonly Tensor[]): Tensor<'float32'>[] =>
  Array.isArray(x) && x.length > 0 && x.every(isTensor)
    ? x.map(toFloatTensor)
    : [toFloatTensor(x as ArrayLikeData)];

/** Rows `from` to `to` of a tensor, sharing its memory. */
export function rows<T extends Tensor>({ type, dims, data }: T, from: number, to: number): Tensor {
  const size = sizeOf(dims.slice(1));
  const part = data.subarray(from * size, to * size);
  return { type, dims: [Math.min(to, dims[0]!) - from, ...dims.slice(1)], data: part } as Tensor;
}

/** Tensors put one after the other along the batch. */
export function concatRows(parts: readonly Tensor<'float32'>[]): Tensor<'float32'> {
  if (parts.length === 1) return parts[0]!;
  const count = parts.reduce((sum, { dims }) => sum + dims[0]!, 0);
  const dims = [count, ...parts[0]!.dims.slice(1)];
  const data = new Float32Array(sizeOf(dims));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return float32(data, dims);
}

/** Targets as a model with outputs of this shape wants them: class indices as a column. */
export function toTargets(y: ArrayLikeData, targetShape: readonly unknown[]): Tensor<'float32'> {
  const target = toFloatTensor(y);
  if (target.dims.length === 1 && targetShape.length === 1 && targetShape[0] === 1)
    return float32(target.data, [target.dims[0]!, 1]);
  const expected = targetShape.join(', ');
  if (target.dims.slice(1).join(', ') !== expected)
    throw new ValueError(
      `Expected targets of shape (N, ${expected}). Received: (${target.dims.join(', ')}). Hint: toCategorical makes one-hot rows of class indices, and sparse_categorical_crossentropy takes them as they are.`,
    );
  return target;
}
