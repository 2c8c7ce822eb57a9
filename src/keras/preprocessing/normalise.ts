/** Arithmetic in place on the values of pictures, in float32. */
import { float32, type Tensor } from '../../graph/tensor.js';
import type { ImageArray } from './transform.js';

/** Multiplies all values. */
export function multiplyBy(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}

/** Subtracts a value from each channel, or one from all. */
export function subtract(values: Float32Array, from: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i]! -= from[i % from.length]!;
}

/** Divides each channel by its deviation, kept from zero. */
export function divide(values: Float32Array, deviations: Float32Array): void {
  const divisors = deviations.map((value) => value + Math.fround(1e-6));
  for (let i = 0; i < values.length; i++) values[i]! /= divisors[i % divisors.length]!;
}

/** Pictures of D values, each times the (D, D) matrix. */
export function whiten(x: ImageArray, { data: matrix, dims }: Tensor<'float32'>): ImageArray {
  const [size = 0] = dims;
  const out = new Float32Array(x.data.length);
  for (let start = 0; start < out.length; start += size) {
    const sums = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const value = x.data[start + i]!;
      for (let j = 0; j < size; j++) sums[j]! += value * matrix[i * size + j]!;
    }
    out.set(sums, start);
  }
  return float32(out, x.dims);
}
