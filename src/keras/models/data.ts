import { float32, sizeOf, type Tensor } from '../../graph/tensor.js';
import { type Shape, ValueError } from '../layers/layer.js';

/** Nested arrays of numbers, as NumPy makes arrays of. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** Numbers in one dimension, as `iterator.classes` has them. */
export type NumberArray = Float32Array | Float64Array | Int32Array | Uint32Array | Int16Array | Uint8Array;

/** Data for a model: a tensor of float32, or what can be made one. */
export type ArrayLikeData = Tensor | readonly NestedNumbers[] | NumberArray;

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
  if (isNumberArray(data)) return float32(Float32Array.from(data), [data.length]);
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

/** Whether data are a typed array. */
export const isNumberArray = (data: unknown): data is NumberArray =>
  ArrayBuffer.isView(data) && !(data instanceof DataView);

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

/**
 * Inputs as a model wants them. As in Keras, a last axis of length 1 may be missing or too many: grey pictures
 * (N, H, W) for an `Input` of shape (H, W, 1).
 *
 * @throws ValueError when they do not fit: Keras's words
 */
export function fitInputs(
  x: readonly Tensor<'float32'>[],
  { name, inputs }: { readonly name: string; readonly inputs: readonly { readonly shape: Shape }[] },
): Tensor<'float32'>[] {
  if (x.length !== inputs.length)
    throw new ValueError(
      `Layer "${name}" expects ${inputs.length} input(s), but it received ${x.length} input tensors.`,
    );
  return x.map((tensor, i) => {
    const { shape } = inputs[i]!;
    const dims = withRank(tensor.dims, shape);
    if (dims.length !== shape.length || dims.some((dim, k) => shape[k] !== null && shape[k] !== dim))
      throw new ValueError(
        `Input ${i} of layer "${name}" is incompatible with the layer: expected shape=${pythonShape(shape)}, found shape=${pythonShape(tensor.dims)}`,
      );
    return float32(tensor.data, dims);
  });
}

function withRank(dims: readonly number[], shape: Shape): readonly number[] {
  if (dims.length === shape.length + 1 && dims.at(-1) === 1) return dims.slice(0, -1);
  if (dims.length === shape.length - 1 && shape.at(-1) === 1) return [...dims, 1];
  return dims;
}

const pythonShape = (shape: Shape): string =>
  `(${shape.map((dim) => dim ?? 'None').join(', ')}${shape.length === 1 ? ',' : ''})`;

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
