import test from 'ava';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { type Attribute, float, type Graph, type Value } from '../../src/graph/graph.js';
import { inline } from '../../src/graph/inline.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, int64 } from '../../src/graph/tensor.js';
import { assertClose } from '../compare.js';
import { seededNumbers } from '../export/seeded-classifier.js';

const engine = await ortNode({ provider: 'cpu', threads: 1 });

interface OldNode {
  readonly op: string;
  readonly opset: number;
  readonly attributes?: Record<string, Attribute>;
  /** Weights after the input. */
  readonly more?: Parameters<GraphBuilder['initializer']>[1][];
  readonly outputs?: number;
  readonly type?: 'float32' | 'int64';
}

const shape = [2, 3, 4, 5];
const axes = { axes: [1, 3] };
const statistics = [5, 6, 7, 8].map((seed) =>
  float32(seededNumbers(3, seed, 0.3).map((value) => value + 0.6)),
);

/** Operations as old operator sets have them, each of which set 18 says otherwise. */
const nodes: OldNode[] = [
  { op: 'BatchNormalization', opset: 8, attributes: { spatial: 1, epsilon: float(1e-3) }, more: statistics },
  { op: 'Clip', opset: 10, attributes: { min: float(-0.5), max: float(0.25) } },
  { op: 'Clip', opset: 7, attributes: { max: float(0.25) } },
  { op: 'Dropout', opset: 11, attributes: { ratio: float(0.9) } },
  ...['Softmax', 'LogSoftmax', 'Hardmax'].flatMap((op) =>
    [1, 2, 3].map((axis): OldNode => ({ op, opset: 12, attributes: axis === 1 ? {} : { axis } })),
  ),
  { op: 'Pad', opset: 10, attributes: { pads: [0, 0, 1, 2, 0, 1, 0, 3], value: float(1.5) } },
  { op: 'Pad', opset: 10, attributes: { pads: [0, 0, 1, 2, 0, 0, 0, 1], mode: 'reflect' } },
  ...['L1', 'L2', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'].flatMap((name): OldNode[] => [
    { op: `Reduce${name}`, opset: 17, attributes: { ...axes, keepdims: 0 } },
    { op: `Reduce${name}`, opset: 11, attributes: { axes: [-1] } },
  ]),
  { op: 'ReduceSum', opset: 12, attributes: axes },
  { op: 'ReduceMean', opset: 13 },
  { op: 'Resize', opset: 10, attributes: { mode: 'nearest' }, more: [float32([1, 1, 2, 1.5])] },
  { op: 'Resize', opset: 10, attributes: { mode: 'linear' }, more: [float32([1, 1, 2, 3])] },
  {
    op: 'Resize',
    opset: 11,
    attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    more: [float32([]), float32([]), int64([2, 3, 7, 9])],
  },
  { op: 'Slice', opset: 9, attributes: { axes: [1, 3], starts: [1, -3], ends: [2 ** 63, 2 ** 62] } },
  { op: 'Slice', opset: 9, attributes: { starts: [1], ends: [2] } },
  { op: 'Split', opset: 12, attributes: { axis: 3, split: [2, 3] }, outputs: 2 },
  { op: 'Split', opset: 12, attributes: { axis: 2 }, outputs: 2 },
  { op: 'Split', opset: 17, attributes: { axis: 2 }, outputs: 2 },
  { op: 'TopK', opset: 9, attributes: { k: 2, axis: 3 }, outputs: 2 },
  { op: 'Unsqueeze', opset: 12, attributes: { axes: [0, 3] } },
  { op: 'Upsample', opset: 8, attributes: { mode: 'nearest', scales: { floats: [1, 1, 2, 2] } } },
  { op: 'Upsample', opset: 9, attributes: { mode: 'linear' }, more: [float32([1, 1, 2, 3])] },
];

function oldGraph({ op, attributes = {}, more = [], outputs = 1 }: OldNode): Graph {
  const g = new GraphBuilder('old');
  const x = g.input('x', 'float32', shape);
  const weights = more.map((value, i) => g.initializer(`w${i}`, value));
  const made = Array.from({ length: outputs }, (_, i) => `y${i}`);
  g.add({ op, name: '', inputs: [x, ...weights], outputs: made, attributes });
  // Whatever shape the first has.
  g.output('y', g.op('Reshape', [made[0]!, g.ints(-1)]), 'float32', ['n']);
  g.output('shape', g.op('Shape', [made[0]!]), 'int64', ['rank']);
  return g.build();
}

for (const [i, node] of nodes.entries())
  test(`${node.op} of operator set ${node.opset} means the same in set 18 (${i})`, async (t) => {
    const old = oldGraph(node);
    const x = float32(seededNumbers(120, 40), shape);
    const expected = await (await engine.load(encodeModel({ graph: old, opset: node.opset }))).run({ x });
    const g = new GraphBuilder('new');
    const input = g.input('x', 'float32', shape);
    const now = (output: Value) =>
      inline(g, { graph: old, opset: node.opset }, { inputs: { x: input }, output });
    g.output('values', now('y'), 'float32', ['n']);
    g.output('dims', now('shape'), 'int64', ['rank']);
    const actual = await (await engine.load(encodeModel({ graph: g.build(), opset: 18 }))).run({ x });
    t.deepEqual(actual.dims!.data, expected.shape!.data);
    assertClose(t, actual.values!, expected.y!, { label: node.op, relative: 1e-6, absolute: 1e-7 });
  });

test('a subgraph is brought up, too, and reads the values around it', async (t) => {
  const g = new GraphBuilder('outer');
  const x = g.input('x', 'float32', ['N', 4]);
  const doubled = g.op('Add', [x, x]);
  const branch = (scale: number) => {
    const body = g.subgraph('branch');
    const y = body.op('Mul', [
      body.op('ReduceSum', [doubled], { axes: [1], keepdims: 1 }),
      body.scalar(scale),
    ]);
    body.output(y, y, 'float32', ['N', 1]);
    return { graph: body.build() };
  };
  const isPositive = g.op('Greater', [g.op('ReduceSum', [x], { keepdims: 0 }), g.scalar(0)]);
  g.output('y', g.op('If', [isPositive], { then_branch: branch(1), else_branch: branch(-3) }), 'float32', [
    'N',
    1,
  ]);
  const old = { graph: g.build(), opset: 12 };
  const now = new GraphBuilder('now');
  const input = now.input('x', 'float32', ['N', 4]);
  now.output('out', inline(now, old, { inputs: { x: input }, output: 'y' }), 'float32', ['N', 1]);
  const session = await engine.load(encodeModel({ graph: now.build(), opset: 18 }));
  for (const [values, expected] of [
    [[1, 2, 3, 4], 20],
    [[-1, -2, -3, -4], 60],
  ] as const)
    t.deepEqual((await session.run({ x: float32(values, [1, 4]) })).out!.data, Float32Array.of(expected));
});
