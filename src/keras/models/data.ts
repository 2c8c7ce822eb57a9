import { ValueError } from '../../errors.js';
import { float32, sizeOf, type Tensor } from '../../graph/tensor.js';
import { pythonList } from '../python/format.js';
import { type Shape, withRank } from '../symbolic-shape.js';

/** Nested arrays of numbers, as NumPy makes arrays of. */
type NestedNumbers = number | readonly NestedNumbers[];

/** Numbers in one dimension, as `iterator.classes` has them. */
export type NumberArray = Float32Array | Float64Array | Int32Array | Uint32Array | Int16Array | Uint8Array;

/** Data for a model: a tensor, nested arrays of numbers, or a typed array. */
export type ArrayLikeData = Tensor | readonly NestedNumbers[] | NumberArray;

/** The inputs of a model: one, several as a list of tensors, or by the names of its `Input`s. */
export type Inputs = ArrayLikeData | readonly Tensor[] | NamedInputs;

type NamedInputs = Readonly<Record<string, ArrayLikeData>>;

/** A batch as generators yield it: inputs, targets, weights of the samples. */
export type Batch = readonly [x: Inputs, y?: ArrayLikeData | null, sampleWeight?: ArrayLikeData | null];

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

/** Whether data are a tensor. */
export const isTensor = (data: unknown): data is Tensor =>
  typeof data === 'object' && data !== null && 'dims' in data;

/**
 * One tensor for each input of a model.
 *
 * @param names of the model's inputs, in their order
 * @throws ValueError when one of them is missing: Keras's words
 */
export function toInputs(x: Inputs, names: readonly string[]): Tensor<'float32'>[] {
  if (Array.isArray(x) && x.length > 0 && x.every(isTensor)) return x.map(toFloatTensor);
  if (!isNamed(x)) return [toFloatTensor(x as ArrayLikeData)];
  return names.map((name) => {
    if (x[name] !== undefined) return toFloatTensor(x[name]);
    throw new ValueError(
      `Missing data for input "${name}". You passed a data dictionary with keys ${pythonList(Object.keys(x))}. Expected the following keys: ${pythonList(names)}`,
    );
  });
}

const isNamed = (x: Inputs): x is NamedInputs =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype && !isTensor(x);

/**
 * Inputs as a model wants them. As in Keras, a last axis of length 1 may be missing or too many: grey pictures
 * (N, H, W) for an `Input` of shape (H, W, 1).
 *
 * @throws ValueError when they do not fit: Keras's words
 */
export function fitInputs(
  x: readonly Tensor<'float32'>[],
  model: {
    readonly inputs: readonly { readonly shape: Shape }[];
    checkInputs(shapes: readonly Shape[]): void;
  },
): Tensor<'float32'>[] {
  model.checkInputs(x.map(({ dims }) => dims));
  return model.inputs.flatMap(({ shape }, i) => {
    const input = x[i];
    return input ? [float32(input.data, withRank(input.dims, shape))] : [];
  });
}

/** The form of targets. */
export interface TargetForm {
  /** The dims of targets as the loss takes them, or `null` where they do not fit. */
  fitTargets(dims: readonly number[]): readonly number[] | null;
  /** Says that targets do not fit; the batch is first. */
  describeMismatch(targetShape: Shape): string;
}

/** Targets as a model with outputs of this shape wants them: class indices as a column. */
export function toTargets(y: ArrayLikeData, { fitTargets, describeMismatch }: TargetForm): Tensor<'float32'> {
  const { data, dims } = toFloatTensor(y);
  const fitted = fitTargets(dims);
  if (!fitted) throw new ValueError(describeMismatch([null, ...dims.slice(1)]));
  return float32(data, fitted);
}
