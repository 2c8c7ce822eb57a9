import { ValueError } from '../../errors.js';
import { float32, sizeOf, type Tensor } from '../../graph/tensor.js';

/**
 * Rows with a one at each class's index: `keras.utils.to_categorical`.
 *
 * @param x indices; a last axis of length 1 is dropped
 * @param numClasses default: one more than the greatest index
 * @returns float32 (…, numClasses)
 * @throws ValueError when an index is no whole number below `numClasses`
 *
 * @example
 * toCategorical([0, 2]); // [[1, 0, 0], [0, 0, 1]]
 */
export function toCategorical(x: Tensor | ArrayLike<number>, numClasses?: number | null): Tensor<'float32'> {
  // NumPy casts to integers, and counts negative ones from the end.
  const given = 'dims' in x ? Array.from(x.data, Number) : Array.from(x);
  const values = given.map(Math.trunc);
  const dims = 'dims' in x ? x.dims : [values.length];
  const shape = dims.length > 1 && dims.at(-1) === 1 ? dims.slice(0, -1) : dims;
  const count = numClasses || values.reduce((a, b) => Math.max(a, b), -1) + 1;
  const rows = new Float32Array(sizeOf(shape) * count);
  for (const [i, value] of values.entries()) {
    const index = value < 0 ? value + count : value;
    if (!(index >= 0 && index < count))
      throw new ValueError(`Expected class indices below ${count}. Received: ${value}.`);
    rows[i * count + index] = 1;
  }
  return float32(rows, [...shape, count]);
}
