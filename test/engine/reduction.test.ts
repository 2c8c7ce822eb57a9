import test from 'ava';
import { float32, int64 } from '../../src/graph/tensor.js';
import { assertSameNode, int32, longs, noise, whole } from './node.js';

const reductions = [
  'ReduceSum',
  'ReduceMean',
  'ReduceMax',
  'ReduceMin',
  'ReduceProd',
  'ReduceSumSquare',
  'ReduceL1',
  'ReduceL2',
];
const axesToTry = [[0], [1], [2], [0, 2], [-1], [-2, 0], [0, 1, 2]];

for (const op of reductions)
  test(`${op} along any axes`, async (t) => {
    const sums = { relative: 1e-5, absolute: 1e-6 };
    for (const keepdims of [0, 1]) {
      for (const axes of axesToTry) {
        if (op !== 'ReduceSum')
          await assertSameNode(t, op, [noise([2, 3, 4])], { attributes: { axes, keepdims }, ...sums });
        const opset = op === 'ReduceSum' ? 13 : 18;
        await assertSameNode(t, op, [noise([2, 3, 4]), int64(axes)], {
          attributes: { keepdims },
          opset,
          ...sums,
        });
      }
      await assertSameNode(t, op, [noise([2, 3])], { attributes: { keepdims }, ...sums });
      await assertSameNode(t, op, [noise([2, 1, 3]), int64([1])], {
        attributes: { keepdims },
        opset: 18,
        ...sums,
      });
    }
    await assertSameNode(t, op, [noise([])], sums);
    await assertSameNode(t, op, [noise([2, 3]), int64([], [0])], {
      attributes: { noop_with_empty_axes: 1 },
      opset: 18,
    });
  });

test('LpNormalization along any axis, of zeros, too', async (t) => {
  for (const p of [1, 2])
    for (const axis of [0, 1, -1])
      await assertSameNode(t, 'LpNormalization', [noise([3, 4, 5])], {
        attributes: { axis, p },
        ...{ relative: 1e-5, absolute: 1e-7 },
      });
  const zeros = float32([0, 0, 0, 3, 0, 4], [2, 3]);
  await assertSameNode(t, 'LpNormalization', [zeros], { attributes: { axis: 1, p: 2 } });
});

test('reductions of integers', async (t) => {
  for (const op of ['ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceProd'])
    for (const x of [longs([3, 4], -5, 5), int32(whole([3, 4], -5, 5), [3, 4])])
      await assertSameNode(t, op, [x, int64([0])], { opset: 18 });
});

test('Softmax and LogSoftmax along any axis', async (t) => {
  for (const op of ['Softmax', 'LogSoftmax']) {
    for (const axis of [0, 1, 2, -1])
      await assertSameNode(t, op, [noise([2, 3, 4], -9, 9)], {
        attributes: { axis },
        relative: 3e-6,
        absolute: 3e-7,
      });
    await assertSameNode(t, op, [float32([1000, 999, -1000], [1, 3])], { relative: 3e-6, absolute: 1e-6 });
  }
});

test('ArgMax and ArgMin: the first of equals, or the last', async (t) => {
  for (const op of ['ArgMax', 'ArgMin'])
    for (const axis of [0, 1, -1])
      for (const keepdims of [0, 1])
        for (const select_last_index of [0, 1])
          await assertSameNode(t, op, [float32(whole([4, 5], 0, 3), [4, 5])], {
            attributes: { axis, keepdims, select_last_index },
            outputs: ['int64'],
          });
});

test('TopK: the largest or smallest, equals in order', async (t) => {
  for (const axis of [0, 1, -1])
    for (const largest of [0, 1])
      for (const k of [0, 1, 3])
        await assertSameNode(t, 'TopK', [float32(whole([4, 5, 3], 0, 4), [4, 5, 3]), int64([k])], {
          attributes: { axis, largest },
          outputs: ['float32', 'int64'],
        });
  await assertSameNode(t, 'TopK', [longs([9], 0, 4), int64([9])], { outputs: ['int64', 'int64'] });
});

test('CumSum, from either end, with or without the element itself', async (t) => {
  for (const axis of [0, 1, -1])
    for (const exclusive of [0, 1])
      for (const reverse of [0, 1])
        for (const x of [noise([3, 4, 2]), longs([3, 4, 2], -9, 9)])
          await assertSameNode(t, 'CumSum', [x, int64([axis], [])], {
            attributes: { exclusive, reverse },
            absolute: 1e-6,
          });
});
