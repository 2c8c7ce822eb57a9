import type { RandomState } from './random-state.js';

/**
 * A random matrix (rows, columns), row after row, whose columns are of length 1 and at right angles to each other; its
 * rows are, where there are fewer of them. No such matrix is likelier than another.
 *
 * Normal numbers are made orthogonal one vector after the other, twice against rounding (Gram–Schmidt): the Q of a QR
 * decomposition whose R has a positive diagonal, as in Keras.
 */
export function orthonormal(rows: number, columns: number, random: RandomState): Float32Array {
  const [length, count] = [Math.max(rows, columns), Math.min(rows, columns)];
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from(random.normal(0, 1, length));
    for (const other of [...vectors, ...vectors]) {
      const along = dot(vector, other);
      for (let k = 0; k < length; k++) vector[k]! -= along * other[k]!;
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  const matrix = new Float32Array(rows * columns);
  for (const [i, vector] of vectors.entries())
    for (const [k, value] of vector.entries())
      matrix[rows >= columns ? k * columns + i : i * columns + k] = value;
  return matrix;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
