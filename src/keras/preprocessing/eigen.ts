/** Eigenvalues, and a unit eigenvector for each. */
export interface Eigen {
  values: number[];
  vectors: Float64Array[];
}

/**
 * The eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's cyclic rotations: each sets one element off the
 * diagonal to zero, until nothing is left there. Accurate, and slow beyond some hundred rows: `O(n³)` a sweep.
 *
 * @param matrix n × n values, row by row; not changed
 */
export function eigenSymmetric(matrix: Float64Array, n: number): Eigen {
  const a = matrix.slice();
  const vectors = Array.from({ length: n }, (_, i) => {
    const unit = new Float64Array(n);
    unit[i] = 1;
    return unit;
  });
  const total = Math.hypot(...diagonal(a, n)) || 1;
  while (largestOffDiagonal(a, n) > 1e-15 * total)
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, n, p, q, vectors);
  return { values: diagonal(a, n), vectors };
}

const diagonal = (a: Float64Array, n: number): number[] => Array.from({ length: n }, (_, i) => a[i * n + i]!);

function largestOffDiagonal(a: Float64Array, n: number): number {
  let largest = 0;
  for (let p = 0; p < n; p++)
    for (let q = p + 1; q < n; q++) largest = Math.max(largest, Math.abs(a[p * n + q]!));
  return largest;
}

/** Turns the axes p and q so that the element between them vanishes. */
function rotate(a: Float64Array, n: number, p: number, q: number, vectors: Float64Array[]): void {
  const between = a[p * n + q]!;
  if (between === 0) return;
  const ratio = (a[q * n + q]! - a[p * n + p]!) / (2 * between);
  const tangent = Math.sign(ratio || 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i * n + p]!, a[i * n + q]!];
    a[i * n + p] = cosine * x - sine * y;
    a[i * n + q] = sine * x + cosine * y;
  }
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[p * n + i]!, a[q * n + i]!];
    a[p * n + i] = cosine * x - sine * y;
    a[q * n + i] = sine * x + cosine * y;
  }
  a[p * n + q] = a[q * n + p] = 0;
  const [u, v] = [vectors[p], vectors[q]];
  if (!u || !v) return;
  for (let i = 0; i < n; i++) {
    const [x, y] = [u[i]!, v[i]!];
    u[i] = cosine * x - sine * y;
    v[i] = sine * x + cosine * y;
  }
}
