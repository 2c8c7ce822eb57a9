import test from 'ava';
import { jsEngine } from '../../src/engine/js.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, int64, scalar } from '../../src/graph/tensor.js';
import { bytes, noise, singleNode } from './node.js';

const load = (model: Uint8Array) => jsEngine().load(model);

test('an unknown operation is refused when the model is loaded, by its name and its node', async (t) => {
  await t.throwsAsync(load(singleNode('StringNormalizer', [noise([1])])), {
    name: 'OpError',
    message:
      "Expected an operation that engine 'js' knows. Received: StringNormalizer (node 'StringNormalizer'). Hint: choose engine 'ort'.",
  });
});

test('an old operator set is refused', async (t) => {
  await t.throwsAsync(load(singleNode('Add', [noise([1]), noise([1])], {}, ['float32'], 9)), {
    message: 'Expected operator set 13 or later. Received: 9.',
  });
});

test('a failing node is named', async (t) => {
  const session = await load(singleNode('MatMul', [noise([2, 3]), noise([4, 5])]));
  await t.throwsAsync(session.run({ x0: noise([2, 3]), x1: noise([4, 5]) }), {
    name: 'OpError',
    message: "Expected matrices that multiply. Received: [2, 3] and [4, 5]. (MatMul 'MatMul')",
  });
  const sum = await load(singleNode('Add', [noise([2]), noise([3])]));
  await t.throwsAsync(sum.run({ x0: noise([2]), x1: noise([3]) }), {
    message: "Expected shapes that broadcast. Received: [2] and [3]. (Add 'Add')",
  });
  const resize = await load(
    singleNode('Resize', [bytes([1, 2, 2, 1]), undefined, undefined, int64([1, 4, 4, 1])], { mode: 'cubic' }),
  );
  await t.throwsAsync(resize.run({ x0: bytes([1, 2, 2, 1]), x3: int64([1, 4, 4, 1]) }), {
    message: "Expected mode linear. Received: cubic. (Resize 'Resize')",
  });
});

test('results are the caller’s own: changing one changes no weight, feed or other result', async (t) => {
  const g = new GraphBuilder('shared');
  const x = g.input('x', 'float32', [2]);
  const weight = g.initializer('weight', float32([5, 6]));
  g.output('same', x, 'float32', [2]);
  g.output('again', x, 'float32', [2]);
  g.output('constant', weight, 'float32', [2]);
  const session = await load(encodeModel({ graph: g.build(), opset: 13 }));
  const feed = float32([1, 2]);
  const first = await session.run({ x: feed });
  for (const { data } of Object.values(first)) data.fill(9 as never);
  t.deepEqual(feed, float32([1, 2]));
  t.deepEqual(await session.run({ x: feed }), {
    same: float32([1, 2]),
    again: float32([1, 2]),
    constant: float32([5, 6]),
  });
});

test('a graph that reads what nothing writes is an error', async (t) => {
  const g = new GraphBuilder('hole');
  g.output('y', g.op('Neg', ['nothing']), 'float32', []);
  await t.throwsAsync(load(encodeModel({ graph: g.build(), opset: 13 })), {
    message: "Expected every value to be made before it is read. Received: Neg 'Neg', which reads 'nothing'.",
  });
});

test('a model without weights or inputs runs', async (t) => {
  const g = new GraphBuilder('constant');
  g.output('y', g.op('Add', [g.scalar(1), g.scalar(2)]), 'float32', []);
  const session = await load(encodeModel({ graph: g.build(), opset: 13 }));
  t.deepEqual(await session.run({}), { y: scalar(3) });
});

test('values that are no longer needed are let go', async (t) => {
  const g = new GraphBuilder('chain');
  const x = g.input('x', 'float32', ['N']);
  let value = x;
  for (let i = 0; i < 400; i++) value = g.op('Add', [value, x]);
  g.output('y', value, 'float32', ['N']);
  const session = await load(encodeModel({ graph: g.build(), opset: 13 }));
  const before = process.resourceUsage().maxRSS;
  await session.run({ x: float32(new Float32Array(2 ** 20)) });
  const grown = (process.resourceUsage().maxRSS - before) / 1024;
  // 400 values of 4 MiB each; the garbage collector keeps a few dozen before it runs.
  t.true(grown < 600, `grew by ${grown.toFixed()} MiB`);
});
