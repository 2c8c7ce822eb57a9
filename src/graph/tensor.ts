/** ONNX element types that the project uses, by the names onnxruntime's JavaScript API gives them. */
export type DataType =
  | 'float32'
  | 'float16'
  | 'float64'
  | 'uint8'
  | 'int8'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'bool';

/** The array of each element type. `float16` holds raw bits, `bool` holds 0 and 1. */
export interface ArrayOf {
  float32: Float32Array;
  float16: Uint16Array;
  float64: Float64Array;
  uint8: Uint8Array;
  int8: Int8Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint32: Uint32Array;
  bool: Uint8Array;
}

export const arrayTypes = {
  float32: Float32Array,
  float16: Uint16Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

/** An n-dimensional array in row-major order. */
export interface Tensor<T extends DataType = DataType> {
  readonly type: T;
  readonly dims: readonly number[];
  readonly data: ArrayOf[T];
}

/** The number of elements in a tensor of these dimensions: 1 for a scalar. */
export const sizeOf = (dims: readonly number[]): number => dims.reduce((size, dim) => size * dim, 1);

/**
 * Wraps `data` as a tensor, without copying.
 *
 * @throws RangeError when `dims` do not multiply to the length of `data`.
 */
export function tensor<T extends DataType>(type: T, data: ArrayOf[T], dims: readonly number[]): Tensor<T> {
  if (sizeOf(dims) !== data.length)
    throw new RangeError(`Expected ${sizeOf(dims)} elements for shape [${dims}]. Received: ${data.length}.`);
  return { type, dims, data };
}

export const float32 = (values: ArrayLike<number>, dims: readonly number[] = [values.length]) =>
  tensor('float32', values instanceof Float32Array ? values : Float32Array.from(values), dims);

export const int64 = (values: ArrayLike<number>, dims: readonly number[] = [values.length]) =>
  tensor('int64', BigInt64Array.from(Array.from(values, BigInt)), dims);

export const scalar = (value: number) => float32([value], []);

export const zeros = (dims: readonly number[]) => float32(new Float32Array(sizeOf(dims)), dims);
