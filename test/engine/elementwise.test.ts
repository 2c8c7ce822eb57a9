import test from 'ava';
import { float } from '../../src/graph/graph.js';
import { float32, int64, tensor } from '../../src/graph/tensor.js';
import { assertSameNode, bools, bytes, int32, longs, noise, whole } from './node.js';

/** Pairs of shapes that broadcast in every way there is. */
const pairs: [number[], number[]][] = [
  [[], []],
  [[5], []],
  [[], [2, 3]],
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [2, 1, 3, 1],
    [4, 1, 5],
  ],
  [
    [2, 3, 4],
    [2, 1, 4],
  ],
  [[0, 3], [3]],
  [
    [1, 1],
    [1, 1],
  ],
];

for (const op of ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'])
  test(`${op} broadcasts floats and integers`, async (t) => {
    for (const [a, b] of pairs) {
      await assertSameNode(t, op, [noise(a), noise(b, 0.5, 2)]);
      await assertSameNode(t, op, [longs(a, -9, 9), longs(b, 1, 9)]);
      await assertSameNode(t, op, [int32(whole(a, -9, 9), a), int32(whole(b, 1, 9), b)]);
    }
  });

test('integer arithmetic wraps around and divides towards zero', async (t) => {
  const extremes = [2147483647, -2147483648, -7, 7, 65537];
  const other = [2, 3, 2, -2, 65537];
  for (const op of ['Add', 'Sub', 'Mul', 'Div']) {
    await assertSameNode(t, op, [int32(extremes), int32(other)]);
    await assertSameNode(t, op, [int64([2 ** 62, -7, 7]), int64([5, 2, -2])]);
  }
  const unsigned = (values: number[]) => tensor('uint32', Uint32Array.from(values), [values.length]);
  await assertSameNode(t, 'Mul', [unsigned([4294967295, 2654435761]), unsigned([3, 747796405])], {
    opset: 14,
  });
});

for (const op of ['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Equal'])
  test(`${op} compares`, async (t) => {
    for (const [a, b] of pairs) {
      await assertSameNode(t, op, [float32(whole(a, 0, 3), a), float32(whole(b, 0, 3), b)], {
        outputs: ['bool'],
      });
      await assertSameNode(t, op, [longs(a, 0, 3), longs(b, 0, 3)], { outputs: ['bool'] });
    }
    await assertSameNode(t, op, [float32([Number.NaN, 1]), float32([Number.NaN, Number.NaN])], {
      outputs: ['bool'],
    });
  });

test('And, Or, Xor and Not', async (t) => {
  for (const op of ['And', 'Or', 'Xor']) await assertSameNode(t, op, [bools([3, 4]), bools([4])]);
  await assertSameNode(t, 'Not', [bools([7])]);
});

test('Where chooses', async (t) => {
  await assertSameNode(t, 'Where', [bools([3, 4]), noise([3, 4]), noise([])], { outputs: ['float32'] });
  await assertSameNode(t, 'Where', [bools([2, 1, 3]), noise([4, 1]), noise([1, 3])], {
    outputs: ['float32'],
  });
  await assertSameNode(t, 'Where', [bools([5]), longs([5], -3, 3), longs([1], 9, 9)], { outputs: ['int64'] });
  await assertSameNode(t, 'Where', [bools([5]), bytes([5]), bytes([5])], { outputs: ['uint8'] });
});

/** Functions, and where to try them. */
const functions: [op: string, low: number, high: number][] = [
  ['Abs', -2, 2],
  ['Neg', -2, 2],
  ['Sign', -2, 2],
  ['Sqrt', 0, 9],
  ['Reciprocal', 0.1, 9],
  ['Exp', -10, 10],
  ['Log', 0.01, 99],
  ['Sin', -3, 3],
  ['Cos', -3, 3],
  ['Floor', -5, 5],
  ['Ceil', -5, 5],
  ['Erf', -4, 4],
  ['Relu', -2, 2],
  ['Sigmoid', -12, 12],
  ['Tanh', -6, 6],
  ['Softplus', -12, 12],
  ['Softsign', -3, 3],
];
for (const [op, low, high] of functions)
  test(`${op} of floats`, async (t) => {
    // ONNX Runtime approximates exp, tanh and their like to a few units in the last place of 1.
    const approximate = { relative: 3e-6, absolute: 3e-7 };
    await assertSameNode(t, op, [noise([5, 40], low, high)], approximate);
    await assertSameNode(t, op, [float32([0, -0, 1, 1e-6, 2, 0.5])], approximate);
    await assertSameNode(t, op, [noise([0, 3])]);
    await assertSameNode(t, op, [noise([], low, high)], approximate);
  });

test('activations of later operator sets', async (t) => {
  const approximate = { relative: 3e-6, absolute: 5e-7 };
  await assertSameNode(t, 'HardSwish', [noise([50], -5, 5)], { opset: 14, ...approximate });
  await assertSameNode(t, 'Mish', [noise([50], -5, 5)], { opset: 18, ...approximate });
  await assertSameNode(t, 'Gelu', [noise([50], -5, 5)], { opset: 20, ...approximate });
  await assertSameNode(t, 'Gelu', [noise([50], -5, 5)], {
    opset: 20,
    attributes: { approximate: 'tanh' },
    ...approximate,
  });
});

test('activations with parameters', async (t) => {
  for (const op of ['LeakyRelu', 'Elu', 'Selu', 'HardSigmoid']) {
    await assertSameNode(t, op, [noise([60], -4, 4)], { relative: 3e-6, absolute: 3e-7 });
    await assertSameNode(t, op, [noise([60], -4, 4)], {
      attributes: { alpha: float(0.3) },
      relative: 3e-6,
      absolute: 3e-7,
    });
  }
  await assertSameNode(t, 'PRelu', [noise([2, 3, 4]), noise([3, 1], 0, 1)]);
});

test('Neg, Abs and Sign of integers', async (t) => {
  for (const op of ['Neg', 'Abs', 'Sign']) await assertSameNode(t, op, [longs([20], -3, 3)]);
});

test('Round takes halves to the even neighbour', (t) =>
  assertSameNode(t, 'Round', [float32([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, -3.2, 1e10])]));

test('Pow, with exponents of another type too', async (t) => {
  await assertSameNode(t, 'Pow', [noise([3, 4], 0.1, 3), noise([4], -2, 2)], { relative: 3e-6 });
  await assertSameNode(t, 'Pow', [noise([6]), int64([2], [])], { relative: 3e-6 });
  await assertSameNode(t, 'Pow', [noise([6]), float32([3])], { relative: 3e-6 });
  await assertSameNode(t, 'Pow', [longs([6], -4, 4), int64([3], [])]);
});

test('Clip with either bound or none', async (t) => {
  const x = noise([30]);
  await assertSameNode(t, 'Clip', [x, float32([-1], []), float32([0.5], [])]);
  await assertSameNode(t, 'Clip', [x, undefined, float32([0.5], [])]);
  await assertSameNode(t, 'Clip', [x, float32([-1], [])]);
  await assertSameNode(t, 'Clip', [x]);
});

test('Mod follows Python, with fmod C', async (t) => {
  const [a, b] = [int64([7, -7, 7, -7, 6]), int64([3, 3, -3, -3, 3])];
  await assertSameNode(t, 'Mod', [a, b]);
  await assertSameNode(t, 'Mod', [a, b], { attributes: { fmod: 1 } });
  await assertSameNode(t, 'Mod', [int32([7, -7, 7, -7]), int32([3, 3, -3, -3])]);
  await assertSameNode(t, 'Mod', [noise([20], -9, 9), noise([20], 1, 3)], { attributes: { fmod: 1 } });
});

test('BitShift and bitwise logic', async (t) => {
  const words = tensor('uint32', Uint32Array.of(1, 0x80000000, 0xffffffff, 12345), [4]);
  const by = tensor('uint32', Uint32Array.of(1, 31, 4, 0), [4]);
  for (const direction of ['LEFT', 'RIGHT'])
    await assertSameNode(t, 'BitShift', [words, by], { attributes: { direction } });
  for (const op of ['BitwiseAnd', 'BitwiseOr', 'BitwiseXor']) {
    await assertSameNode(t, op, [words, by], { opset: 18 });
    await assertSameNode(t, op, [longs([9], -99, 99), longs([9], -99, 99)], { opset: 18 });
  }
});

test('Sum, Mean, Max and Min of many', async (t) => {
  for (const op of ['Sum', 'Mean', 'Max', 'Min']) {
    await assertSameNode(t, op, [noise([2, 3]), noise([3]), noise([2, 1])], { absolute: 1e-6 });
    await assertSameNode(t, op, [noise([2, 3])]);
  }
});

test('Cast between all types', async (t) => {
  const codes = {
    float32: 1,
    uint8: 2,
    int8: 3,
    int32: 6,
    int64: 7,
    bool: 9,
    float16: 10,
    float64: 11,
    uint32: 12,
  };
  const values = [0, 1, 2.75, 100, 3.5, 0.25, 65];
  const sources = [
    float32([...values, -0]),
    tensor('float64', Float64Array.from(values), [values.length]),
    longs([9], 0, 100),
    int32(whole([9], 0, 100)),
    bytes([9]),
    bools([9]),
  ] as const;
  for (const source of sources)
    for (const [type, to] of Object.entries(codes))
      await assertSameNode(t, 'Cast', [source], {
        attributes: { to },
        outputs: [type as keyof typeof codes],
      });
  // Halves, subnormal ones, ties and overflows included.
  const awkward = [1.0009765, 1.00048828125, 1.0014648, 6e-8, 2.9e-8, 3e-8, 6.1e-5, 65504, 65519, 65520, 1e9];
  const halves = float32([...awkward, ...awkward.map((x) => -x), ...noise([500]).data]);
  await assertSameNode(t, 'Cast', [halves], { attributes: { to: codes.float16 }, outputs: ['float16'] });
  const bits = tensor('float16', Uint16Array.from(whole([2000], 0, 0x7bff)), [2000]);
  await assertSameNode(t, 'Cast', [bits], { attributes: { to: codes.float32 }, outputs: ['float32'] });
});
