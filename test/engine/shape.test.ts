import test from 'ava';
import { type Attribute, float } from '../../src/graph/graph.js';
import { float32, int64, scalar, type Tensor, tensor } from '../../src/graph/tensor.js';
import { assertSameNode, bools, bytes, longs, noise } from './node.js';

/** One tensor of every kind of element, to see that all move alike. */
const kinds = (dims: number[]): Tensor[] => [noise(dims), longs(dims, -9, 9), bytes(dims), bools(dims)];

test('Transpose', async (t) => {
  const orders = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [0, 2, 1],
    [1, 2, 0],
    [2, 0, 1],
  ];
  for (const perm of orders)
    for (const x of kinds([2, 3, 4])) await assertSameNode(t, 'Transpose', [x], { attributes: { perm } });
  await assertSameNode(t, 'Transpose', [noise([2, 3])]);
  await assertSameNode(t, 'Transpose', [noise([2, 0])]);
});

test('Reshape, with 0 and −1', async (t) => {
  const x = noise([2, 3, 4]);
  for (const shape of [[6, 4], [-1], [0, -1], [2, 0, 2, 2], [24, 1]])
    await assertSameNode(t, 'Reshape', [x, int64(shape)]);
  await assertSameNode(t, 'Reshape', [noise([1]), int64([], [0])]);
  await assertSameNode(t, 'Reshape', [noise([0, 3]), int64([3, 0])], {
    attributes: { allowzero: 1 },
    opset: 14,
  });
});

test('Flatten, Squeeze and Unsqueeze', async (t) => {
  for (const axis of [0, 1, 2, 3, -1, -3])
    await assertSameNode(t, 'Flatten', [noise([2, 3, 4])], { attributes: { axis } });
  await assertSameNode(t, 'Squeeze', [noise([1, 3, 1])]);
  for (const axes of [[0], [-1], [0, 2]]) await assertSameNode(t, 'Squeeze', [noise([1, 3, 1]), int64(axes)]);
  for (const axes of [[0], [-1], [0, 3], [2]])
    await assertSameNode(t, 'Unsqueeze', [noise([2, 3]), int64(axes)]);
  await assertSameNode(t, 'Unsqueeze', [noise([]), int64([0])]);
});

test('Concat and Split', async (t) => {
  for (const axis of [0, 1, -1]) {
    const dims = (n: number) => [2, 3, 4].with(axis, n);
    for (const i of [0, 1, 2, 3]) {
      const parts = [1, 4, 0].map((n) => kinds(dims(n))[i]!);
      await assertSameNode(t, 'Concat', parts, { attributes: { axis } });
    }
  }
  const split = (sizes: number[], axis: number) =>
    assertSameNode(t, 'Split', [noise([4, 6]), int64(sizes)], {
      attributes: { axis },
      outputs: sizes.map(() => 'float32'),
    });
  await split([1, 3], 0);
  await split([2, 0, 4], 1);
  await assertSameNode(t, 'Split', [noise([4, 6])], {
    attributes: { axis: 1 },
    outputs: ['float32', 'float32'],
  });
  await assertSameNode(t, 'Split', [noise([5])], {
    attributes: { num_outputs: 3 },
    outputs: ['float32', 'float32', 'float32'],
    opset: 18,
  });
});

test('Slice as NumPy does', async (t) => {
  const x = noise([5, 6]);
  const huge = 2 ** 53;
  const cases: [starts: number[], ends: number[], axes?: number[], steps?: number[]][] = [
    [[1], [3]],
    [
      [1, 2],
      [4, 5],
    ],
    [[-3], [huge], [1]],
    [[0], [-1], [-1]],
    [[0], [huge], [0], [2]],
    [[-1], [-huge], [0], [-1]],
    [[4], [0], [1], [-2]],
    [[5], [-huge], [1], [-3]],
    [[3], [1]],
    [[9], [12]],
    [[9], [0], [0], [-1]],
    [[-9], [-9], [0], [-1]],
    [[2], [2], [0], [1]],
  ];
  for (const [starts, ends, axes, steps] of cases)
    await assertSameNode(t, 'Slice', [
      x,
      int64(starts),
      int64(ends),
      axes && int64(axes),
      steps && int64(steps),
    ]);
});

test('Expand and Tile', async (t) => {
  await assertSameNode(t, 'Expand', [noise([3, 1]), int64([2, 1, 4])]);
  await assertSameNode(t, 'Expand', [noise([3, 4]), int64([1])]);
  await assertSameNode(t, 'Expand', [scalar(2), int64([2, 0])]);
  for (const x of kinds([2, 3])) await assertSameNode(t, 'Tile', [x, int64([2, 3])]);
  await assertSameNode(t, 'Tile', [noise([2, 3]), int64([1, 0])]);
});

test('Pad in every mode', async (t) => {
  const x = noise([3, 4]);
  for (const mode of ['constant', 'reflect', 'edge'])
    await assertSameNode(t, 'Pad', [x, int64([1, 2, 0, 3])], { attributes: { mode } });
  await assertSameNode(t, 'Pad', [x, int64([1, 0, 2, 1]), scalar(7)]);
  await assertSameNode(t, 'Pad', [x, int64([-1, 0, 0, -2])]);
  await assertSameNode(t, 'Pad', [x, int64([2, 1]), scalar(7), int64([-1])], { opset: 18 });
  await assertSameNode(t, 'Pad', [x, int64([2, 4, 1, 3])], { attributes: { mode: 'wrap' }, opset: 19 });
  await assertSameNode(t, 'Pad', [bytes([2, 2]), int64([1, 1, 1, 1])]);
});

test('Shape, Size and Identity', async (t) => {
  await assertSameNode(t, 'Shape', [noise([2, 3, 4])], { outputs: ['int64'] });
  await assertSameNode(t, 'Shape', [noise([])], { outputs: ['int64'] });
  const spans: Record<string, Attribute>[] = [
    { start: 1 },
    { start: -1 },
    { start: 0, end: 2 },
    { end: -1 },
    { start: 5 },
  ];
  for (const attributes of spans)
    await assertSameNode(t, 'Shape', [noise([2, 3, 4])], { attributes, outputs: ['int64'], opset: 15 });
  await assertSameNode(t, 'Size', [noise([2, 0])], { outputs: ['int64'] });
  await assertSameNode(t, 'Size', [noise([])], { outputs: ['int64'] });
  for (const x of kinds([3])) await assertSameNode(t, 'Identity', [x]);
});

test('constants', async (t) => {
  await assertSameNode(t, 'ConstantOfShape', [int64([2, 3])], { outputs: ['float32'] });
  await assertSameNode(t, 'ConstantOfShape', [int64([], [0])], { outputs: ['float32'] });
  await assertSameNode(t, 'ConstantOfShape', [int64([4])], {
    attributes: { value: { tensor: int64([7]) } },
    outputs: ['int64'],
  });
  const constants: Record<string, Attribute>[] = [
    { value: { tensor: float32([1, 2, 3, 4], [2, 2]) } },
    { value_float: float(1.5) },
    { value_floats: { floats: [1, 2.5] } },
  ];
  for (const attributes of constants)
    await assertSameNode(t, 'Constant', [], { attributes, outputs: ['float32'] });
  const integers: Record<string, Attribute>[] = [{ value_int: 3 }, { value_ints: [3, 4] }];
  for (const attributes of integers)
    await assertSameNode(t, 'Constant', [], { attributes, outputs: ['int64'] });
});

test('Range', async (t) => {
  for (const [from, to, step] of [
    [0, 5, 1],
    [5, 0, -2],
    [3, 3, 1],
    [2, 9, 3],
  ] as const) {
    await assertSameNode(t, 'Range', [scalar(from), scalar(to), scalar(step)]);
    await assertSameNode(t, 'Range', [int64([from], []), int64([to], []), int64([step], [])]);
  }
  await assertSameNode(t, 'Range', [scalar(0), scalar(1), scalar(0.1)], { absolute: 2e-7 });
  const [zero, four, one] = [0, 4, 1].map((n) => tensor('int32', Int32Array.of(n), [])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  await assertSameNode(t, 'Range', [zero, four, one]);
});
