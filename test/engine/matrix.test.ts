import test from 'ava';
import { float } from '../../src/graph/graph.js';
import { assertSameNode, noise } from './node.js';

// Sums of products round differently in ONNX Runtime, which adds float32 in blocks.
const sums = { relative: 1e-5, absolute: 2e-6 };

test('MatMul multiplies matrices, stacks and vectors', async (t) => {
  const pairs: [number[], number[]][] = [
    [
      [3, 4],
      [4, 5],
    ],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    [
      [2, 3, 4],
      [4, 5],
    ],
    [
      [3, 4],
      [2, 4, 5],
    ],
    [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
    [[4], [4, 3]],
    [[3, 4], [4]],
    [[2, 3, 4], [4]],
    [[4], [4]],
    [
      [0, 4],
      [4, 3],
    ],
  ];
  for (const [a, b] of pairs) await assertSameNode(t, 'MatMul', [noise(a), noise(b)], sums);
});

test('a long sum stays close to ONNX Runtime', (t) =>
  // 4096 products of size 1: ONNX Runtime's own rounding dominates.
  assertSameNode(t, 'MatMul', [noise([3, 4096]), noise([4096, 7])], { relative: 1e-5, absolute: 3e-4 }));

test('Gemm transposes, scales and adds', async (t) => {
  for (const transA of [0, 1])
    for (const transB of [0, 1])
      for (const c of [[3, 5], [5], [1], [3, 1], [], undefined])
        await assertSameNode(
          t,
          'Gemm',
          [noise(transA ? [4, 3] : [3, 4]), noise(transB ? [5, 4] : [4, 5]), c && noise(c)],
          { attributes: { transA, transB, alpha: float(0.5), beta: float(-1.5) }, ...sums },
        );
});
