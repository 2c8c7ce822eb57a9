import { floatOf, intOf } from '../../graph/attributes.js';
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import { transpose } from '../../graph/transpose.js';
import { allocate, type Call, elements, type Kernel, make, numbers, OpError } from './kernel.js';
import { broadcastShapes, broadcastStrides, eachRow, walk } from './walk.js';

/**
 * y (M, N) = a (M, K) · b (K, N), one row of y at a time, summed in float64.
 *
 * Four rows of b are added at once, since reading and writing the sums costs more than the products.
 */
function multiply(
  a: Float32Array,
  b: Float32Array,
  y: Float32Array,
  { M, K, N }: { M: number; K: number; N: number },
): void {
  const row = new Float64Array(N);
  for (let i = 0; i < M; i++) {
    row.fill(0);
    let k = 0;
    for (; k + 4 <= K; k += 4) {
      const at = i * K + k;
      const [a0, a1, a2, a3] = [a[at]!, a[at + 1]!, a[at + 2]!, a[at + 3]!];
      const [b0, b1, b2, b3] = [k * N, (k + 1) * N, (k + 2) * N, (k + 3) * N];
      for (let j = 0; j < N; j++)
        row[j]! += a0 * b[b0 + j]! + a1 * b[b1 + j]! + a2 * b[b2 + j]! + a3 * b[b3 + j]!;
    }
    for (; k < K; k++) {
      const factor = a[i * K + k]!;
      for (let j = 0; j < N; j++) row[j]! += factor * b[k * N + j]!;
    }
    y.set(row, i * N);
  }
}

/**
 * NumPy's `matmul`: a (…, M, K) · b (…, K, N) → (…, M, N), with the leading axes broadcast and vectors promoted.
 */
function product(a: Tensor, b: Tensor, { transA = false, transB = false, alpha = 1 } = {}): Tensor {
  const ad = a.dims.length === 1 ? [1, ...a.dims] : [...a.dims];
  const bd = b.dims.length === 1 ? [...b.dims, 1] : [...b.dims];
  if (transA) ad.push(...ad.splice(-2).reverse());
  if (transB) bd.push(...bd.splice(-2).reverse());
  const [M, K] = ad.slice(-2) as [number, number];
  const [inner, N] = bd.slice(-2) as [number, number];
  if (K !== inner)
    throw new OpError(
      `Expected matrices that multiply. Received: [${a.dims.join(', ')}] and [${b.dims.join(', ')}].`,
    );
  const batch = broadcastShapes(ad.slice(0, -2), bd.slice(0, -2));
  const y = allocate(a.type, sizeOf(batch) * M * N);
  const turned = (data: Float32Array, dims: readonly number[]) =>
    elements(transpose(make(a.type, dims, data)));
  const [p, q] = [numbers(a), numbers(b)];
  const plan = walk(batch, [
    broadcastStrides(ad.slice(0, -2), batch).map((stride) => stride * M * K),
    broadcastStrides(bd.slice(0, -2), batch).map((stride) => stride * K * N),
  ]);
  const {
    length,
    steps: [down = 0, across = 0],
  } = plan;
  eachRow(plan, (at, [i = 0, j = 0]) => {
    for (let n = 0; n < length; n++) {
      const left = p.subarray(i + n * down, i + n * down + M * K);
      const right = q.subarray(j + n * across, j + n * across + K * N);
      multiply(
        transA ? turned(left, [K, M]) : left,
        transB ? turned(right, [N, K]) : right,
        y.subarray((at + n) * M * N, (at + n + 1) * M * N),
        { M, K, N },
      );
    }
  });
  if (alpha !== 1) for (let i = 0; i < y.length; i++) y[i]! *= alpha;
  const dims = [...batch, ...(a.dims.length === 1 ? [] : [M]), ...(b.dims.length === 1 ? [] : [N])];
  return make(a.type, dims, y);
}

/** alpha · A B + beta · C, with C broadcast. */
function gemm([a, b, c]: readonly [Tensor, Tensor, Tensor?], call: Call): Tensor {
  const y = product(a, b, {
    transA: intOf(call.node, 'transA', 0) === 1,
    transB: intOf(call.node, 'transB', 0) === 1,
    alpha: floatOf(call.node, 'alpha', 1),
  });
  if (!c) return y;
  const beta = floatOf(call.node, 'beta', 1);
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
      transA: intOf(call.node, 'transA', 0) === 1,
      transB: intOf(call.node, 'transB', 0) === 1,
      alpha: floatOf(call.node, 'alpha', 1),
    }),
} satisfies Record<string, Kernel>;
