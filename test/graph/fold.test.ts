import test, { type ExecutionContext } from 'ava';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { fold } from '../../src/graph/fold.js';
import { float, type Graph, type Value } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, sizeOf } from '../../src/graph/tensor.js';
import { noise } from '../applications/seeded.js';
import { assertClose } from '../compare.js';

let seed = 0;
const random = (dims: readonly number[], from = -1, to = 1) =>
  float32(
    noise(sizeOf(dims), ++seed).map((u) => from + (to - from) * u),
    dims,
  );

/** A graph of one picture (1, 3, 6, 7), and functions that write into it. */
function start() {
  const g = new GraphBuilder('graph');
  const x = g.input('x', 'float32', [1, 3, 6, 7]);
  const pad = (value: Value, ...pads: number[]) => g.op('Pad', [value, g.ints(...pads)]);
  const kernel = (...dims: number[]) => g.initializer('kernel', random(dims));
  const normalise = (value: Value, channels: number) =>
    g.op(
      'BatchNormalization',
      [
        value,
        g.initializer('gamma', random([channels])),
        g.initializer('beta', random([channels])),
        g.initializer('mean', random([channels])),
        g.initializer('variance', random([channels], 0.1, 2)),
      ],
      { epsilon: float(1e-3) },
    );
  return { g, x, pad, kernel, normalise };
}

/** The graph folded, after checking that it computes the same. */
async function folded(t: ExecutionContext, graph: Graph): Promise<Graph> {
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const result = fold(graph);
  const feeds = { x: random([1, 3, 6, 7]) };
  const run = async (candidate: Graph) =>
    (await engine.load(encodeModel({ graph: candidate, opset: 13 }))).run(feeds);
  const [before, after] = [await run(graph), await run(result)];
  // Cancellation leaves small results with the rounding of large terms.
  for (const { name } of graph.outputs)
    assertClose(t, after[name]!, before[name]!, { label: name, relative: 1e-5, absolute: 1e-5 });
  return result;
}

const ops = ({ nodes }: Graph) => nodes.map(({ op }) => op);

test('folds transposed kernels, padding and batch normalisation into the convolution', async (t) => {
  const { g, x, pad, kernel, normalise } = start();
  const first = g.op('Transpose', [kernel(3, 2, 3, 4)], { perm: [3, 2, 0, 1] });
  const a = g.op('Conv', [pad(x, 0, 0, 0, 1, 0, 0, 1, 2), first, g.initializer('bias', random([4]))], {
    strides: [2, 1],
    pads: [1, 0, 0, 1],
  });
  const b = g.op('Relu', [normalise(a, 4)]);
  const second = g.op('Transpose', [kernel(3, 3, 4, 2)], { perm: [2, 3, 0, 1] });
  const c = g.op('Conv', [b, g.op('Reshape', [second, g.ints(8, 1, 3, 3)])], { group: 4 });
  g.output('y', normalise(c, 8), 'float32', [1, 8, 'h', 'w']);
  const result = await folded(t, g.build());
  t.deepEqual(ops(result), ['Conv', 'Relu', 'Conv', 'Identity']);
  t.deepEqual(result.nodes[0]!.attributes.pads, [1, 1, 1, 3]);
  t.deepEqual(
    Array.from(result.initializers.values(), ({ dims }) => dims),
    [[4, 3, 3, 2], [4], [8, 1, 3, 3], [8]],
  );
});

test('leaves alone what others read, too', async (t) => {
  const { g, x, pad, kernel, normalise } = start();
  const padded = pad(x, 0, 0, 1, 1, 0, 0, 1, 1);
  const a = g.op('Conv', [padded, kernel(4, 3, 3, 3)]);
  g.output('padded', padded, 'float32', [1, 3, 8, 9]);
  g.output('y', normalise(a, 4), 'float32', [1, 4, 6, 7]);
  g.output('a', a, 'float32', [1, 4, 6, 7]);
  t.deepEqual(ops(await folded(t, g.build())), ops(g.build()));
});

test('leaves alone what folding would change', async (t) => {
  const { g, x, pad, kernel, normalise } = start();
  const ones = g.op('Pad', [x, g.ints(0, 0, 1, 1, 0, 0, 1, 1), g.scalar(1)]);
  g.output('ones', g.op('Conv', [ones, kernel(4, 3, 3, 3)]), 'float32', [1, 4, 6, 7]);
  const reflected = g.op('Pad', [x, g.ints(0, 0, 1, 1, 0, 0, 1, 1)], { mode: 'reflect' });
  g.output('reflected', g.op('Conv', [reflected, kernel(4, 3, 3, 3)]), 'float32', [1, 4, 6, 7]);
  const wide = pad(x, 0, 1, 0, 0, 0, 0, 0, 0);
  g.output('channels', g.op('Conv', [wide, kernel(4, 4, 1, 1)]), 'float32', [1, 4, 6, 7]);
  const same = g.op('Conv', [pad(x, 0, 0, 0, 0, 0, 0, 1, 1), kernel(4, 3, 3, 3)], { auto_pad: 'SAME_UPPER' });
  g.output('same', same, 'float32', [1, 4, 7, 8]);
  // Convolution follows normalisation here: folding would need the padding to be normalised.
  g.output('after', g.op('Conv', [normalise(x, 3), kernel(4, 3, 3, 3)]), 'float32', [1, 4, 4, 5]);
  t.deepEqual(ops(await folded(t, g.build())), ops(g.build()));
});
