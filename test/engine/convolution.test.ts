import test from 'ava';
import type { Attribute } from '../../src/graph/graph.js';
import { assertSameNode, noise } from './node.js';

// ONNX Runtime sums float32 in another order.
const sums = { relative: 1e-5, absolute: 5e-6 };

const conv = (x: number[], w: number[], attributes: Record<string, Attribute> = {}, bias = true) =>
  [[noise(x), noise(w), bias ? noise([w[0]!]) : undefined], { attributes, ...sums }] as const;

const cases = {
  'Conv of 3 × 3': conv([2, 3, 7, 6], [4, 3, 3, 3]),
  'Conv without bias': conv([1, 3, 7, 6], [4, 3, 3, 3], {}, false),
  'Conv padded on each side differently': conv([1, 2, 5, 6], [3, 2, 3, 3], { pads: [0, 1, 2, 1] }),
  'Conv with strides and dilations': conv([1, 2, 9, 11], [3, 2, 3, 2], {
    strides: [2, 3],
    dilations: [2, 1],
    pads: [1, 1, 1, 1],
  }),
  'Conv of 1 × 1': conv([2, 8, 5, 5], [6, 8, 1, 1]),
  'Conv in groups': conv([1, 6, 5, 5], [4, 3, 3, 3], { group: 2 }),
  'Conv depthwise, as MobileNet has it': conv([1, 6, 8, 8], [6, 1, 3, 3], {
    group: 6,
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  }),
  'Conv depthwise with a multiplier': conv([1, 3, 6, 6], [6, 1, 3, 3], { group: 3 }),
  'Conv with SAME_UPPER': conv([1, 2, 7, 6], [3, 2, 3, 2], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  'Conv with SAME_LOWER': conv([1, 2, 7, 6], [3, 2, 3, 2], { auto_pad: 'SAME_LOWER', strides: [2, 2] }),
  'Conv with VALID': conv([1, 2, 7, 6], [3, 2, 3, 2], { auto_pad: 'VALID' }),
  'Conv of one axis': conv([2, 3, 9], [4, 3, 3], { pads: [1, 2], strides: [2] }),
  'Conv with padding wider than the kernel': conv([1, 1, 2, 2], [1, 1, 1, 1], { pads: [2, 2, 2, 2] }),
};
for (const [name, [inputs, options]] of Object.entries(cases))
  test(name, (t) => assertSameNode(t, 'Conv', inputs, options));

const windows: Record<string, Attribute>[] = [
  { kernel_shape: [2, 2] },
  { kernel_shape: [3, 2], strides: [2, 1] },
  { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] },
  { kernel_shape: [3, 3], pads: [0, 0, 1, 1], strides: [2, 2], ceil_mode: 1 },
  { kernel_shape: [2, 2], strides: [3, 3], ceil_mode: 1 },
  { kernel_shape: [3, 3], auto_pad: 'SAME_UPPER', strides: [2, 2] },
];
for (const attributes of windows)
  test(`MaxPool and AveragePool with ${JSON.stringify(attributes)}`, async (t) => {
    const x = noise([2, 3, 7, 8]);
    await assertSameNode(t, 'MaxPool', [x], { attributes });
    await assertSameNode(t, 'AveragePool', [x], { attributes, absolute: 1e-6 });
    await assertSameNode(t, 'AveragePool', [x], {
      attributes: { ...attributes, count_include_pad: 1 },
      absolute: 1e-6,
    });
  });

test('MaxPool with dilations', (t) =>
  assertSameNode(t, 'MaxPool', [noise([1, 2, 7, 7])], {
    attributes: { kernel_shape: [2, 3], dilations: [2, 1] },
  }));

test('global pooling', async (t) => {
  await assertSameNode(t, 'GlobalAveragePool', [noise([2, 3, 7, 5])], { absolute: 1e-6 });
  await assertSameNode(t, 'GlobalMaxPool', [noise([2, 3, 7, 5])]);
  await assertSameNode(t, 'GlobalAveragePool', [noise([2, 3, 7])], { absolute: 1e-6 });
});

test('BatchNormalization of inference', async (t) => {
  for (const dims of [
    [2, 3, 4, 5],
    [4, 3],
  ])
    await assertSameNode(
      t,
      'BatchNormalization',
      [noise(dims), noise([3]), noise([3]), noise([3]), noise([3], 0.1, 2)],
      { relative: 1e-5, absolute: 2e-6 },
    );
});
