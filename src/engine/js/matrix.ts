import { sizeOf, type Tensor } from '../../graph/tensor.js';
import { allocate, type Call, float, int, type Kernel, make, numbers, OpError } from './kernel.js';
import { broadcastShapes, broadcastStrides, eachRow, walk } from './walk.js';

/** A matrix within an array: element (row, column) is `data[start + row · rowStride + column · columnStride]`. */
interface Matrix {
  data: Float32Array;
  start: number;
  rowStride: number;
  columnStride: number;
}

/** y (M, N) = a (M, K) · b (K, N), one row at a time, each row summed in float64. */
function multiply(a: Matrix, b: Matrix, y: Float32Array, at: number, M: number, K: number, N: number): void {
  const row = new Float64Array(N);
  for (let i = 0; i < M; i++) {
    row.fill(0);
    for (let k = 0; k < K; k++) {
      const factor = a.data[a.start + i * a.rowStride + k * a.columnStride]!;
      const start = b.start + k * b.rowStride;
      if (b.columnStride === 1) for (let j = 0; j < N; j++) row[j]! += factor * b.data[start + j]!;
      else for (let j = 0; j < N; j++) row[j]! += factor * b.data[start + j * b.columnStride]!;
    }
    y.set(row, at + i * N);
  }
}

/** Rows and columns as they are, or exchanged. */
const matrix = (
  data: Float32Array,
  start: number,
  columns: number,
  transposed: boolean,
  rows: number,
): Matrix =>
  transposed
    ? { data, start, rowStride: 1, columnStride: rows }
    : { data, start, rowStride: columns, columnStride: 1 };

/**
 * NumPy's `matmul`: a (…, M, K) · b (…, K, N) → (…, M, N), with the leading axes broadcast and vectors promoted.
 */
function product(a: Tensor, b: Tensor, { transA = false, transB = false, alpha = 1 } = {}): Tensor {
  const ad = a.dims.length === 1 ? [1, ...a.dims] : [...a.dims];
  const bd = b.dims.length === 1 ? [...b.dims, 1] : [...b.dims];
  if (transA) ad.push(ad.pop()!, ad.pop()!);
  if (transB) bd.push(bd.pop()!, bd.pop()!);
  const [M, K] = ad.slice(-2) as [number, number];
  const [inner, N] = bd.slice(-2) as [number, number];
  if (K !== inner)
    throw new OpError(
      `Expected matrices that multiply. Received: [${a.dims.join(', ')}] and [${b.dims.join(', ')}].`,
    );
  const batch = broadcastShapes(ad.slice(0, -2), bd.slice(0, -2));
  const y = allocate(a.type, sizeOf(batch) * M * N);
  const [p, q] = [numbers(a), numbers(b)];
  const plan = walk(batch, [
    broadcastStrides(ad.slice(0, -2), batch).map((stride) => stride * M * K),
    broadcastStrides(bd.slice(0, -2), batch).map((stride) => stride * K * N),
  ]);
  const length = plan.sizes.at(-1)!;
  eachRow(plan, (at, [i, j]) => {
    for (let n = 0; n < length; n++) {
      const left = matrix(p, i! + n * plan.strides[0]!.at(-1)!, K, transA, M);
      const right = matrix(q, j! + n * plan.strides[1]!.at(-1)!, N, transB, K);
      multiply(left, right, y, (at + n) * M * N, M, K, N);
    }
  });
  if (alpha !== 1) for (let i = 0; i < y.length; i++) y[i]! *= alpha;
  const dims = [...batch, ...(a.dims.length === 1 ? [] : [M]), ...(b.dims.length === 1 ? [] : [N])];
  return make(a.type, dims, y);
}

/** alpha · A B + beta · C, with C broadcast. */
function gemm([a, b, c]: readonly [Tensor, Tensor, Tensor?], call: Call): Tensor {
  const y = product(a, b, {
    transA: int(call, 'transA') === 1,
    transB: int(call, 'transB') === 1,
    alpha: float(call, 'alpha', 1),
  });
  if (!c) return y;
  const beta = float(call, 'beta', 1);
  const sums = numbers(y);
  const addends = numbers(c);
  const [M, N] = y.dims as [number, number];
  const [down, across] = broadcastStrides(c.dims, [M, N]) as [number, number];
  for (let i = 0; i < M; i++)
    for (let j = 0; j < N; j++) sums[i * N + j]! += beta * addends[i * down + j * across]!;
  return y;
}

export const matrices = {
  MatMul: ([a, b]: readonly [Tensor, Tensor]) => product(a, b),
  Gemm: gemm,
  'com.microsoft.FusedMatMul': ([a, b]: readonly [Tensor, Tensor], call: Call) =>
    product(a, b, {
      transA: int(call, 'transA') === 1,
      transB: int(call, 'transB') === 1,
      alpha: float(call, 'alpha', 1),
    }),
} satisfies Record<string, Kernel>;
