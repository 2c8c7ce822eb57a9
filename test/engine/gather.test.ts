import test from 'ava';
import { float32, int64 } from '../../src/graph/tensor.js';
import { assertSameNode, bytes, int32, longs, noise } from './node.js';

test('Gather takes slices along any axis', async (t) => {
  for (const x of [noise([3, 4, 2]), longs([3, 4, 2], -9, 9), bytes([3, 4, 2])])
    for (const axis of [0, 1, 2, -1]) {
      await assertSameNode(t, 'Gather', [x, longs([2, 3], -2, 1)], { attributes: { axis } });
      await assertSameNode(t, 'Gather', [x, int64([1], [])], { attributes: { axis } });
      await assertSameNode(t, 'Gather', [x, int32([0, -1, 0])], { attributes: { axis } });
    }
  await assertSameNode(t, 'Gather', [noise([3, 4]), int64([], [0])]);
});

test('GatherElements', async (t) => {
  for (const axis of [0, 1, -1])
    await assertSameNode(t, 'GatherElements', [noise([3, 4]), longs([2, 3], -3, 2)], {
      attributes: { axis },
    });
});

test('ScatterElements with every reduction', async (t) => {
  const x = noise([3, 4]);
  await assertSameNode(t, 'ScatterElements', [x, int64([[2, 0, -1]].flat(), [1, 3]), noise([1, 3])]);
  await assertSameNode(t, 'ScatterElements', [x, int64([1, 3, 0, -1], [2, 2]), noise([2, 2])], {
    attributes: { axis: 1 },
  });
  for (const reduction of ['add', 'mul', 'max', 'min'])
    await assertSameNode(t, 'ScatterElements', [x, longs([3, 4], 0, 2), noise([3, 4])], {
      attributes: { reduction },
      opset: 18,
      absolute: 1e-6,
    });
});

test('GatherND and ScatterND', async (t) => {
  await assertSameNode(t, 'GatherND', [noise([3, 4, 2]), int64([0, 1, 2, -1], [2, 2])]);
  await assertSameNode(t, 'GatherND', [noise([3, 4, 2]), int64([1, 3, 1], [1, 3])]);
  await assertSameNode(t, 'ScatterND', [noise([3, 4]), int64([2, 0], [2, 1]), noise([2, 4])]);
  await assertSameNode(t, 'ScatterND', [noise([3, 4]), int64([2, 0, 2, 0], [2, 2]), noise([2])], {
    attributes: { reduction: 'add' },
    opset: 16,
  });
});

test('OneHot', async (t) => {
  for (const axis of [-1, 0, 1])
    await assertSameNode(
      t,
      'OneHot',
      [int64([0, 2, -1, 5, 1, 0], [2, 3]), int64([4], []), float32([-1, 3])],
      {
        attributes: { axis },
        outputs: ['float32'],
      },
    );
  await assertSameNode(t, 'OneHot', [int64([1]), int64([3]), int64([0, 1])], { outputs: ['int64'] });
});
