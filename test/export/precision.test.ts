import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { InferenceSession } from 'onnxruntime-node';
import { readMetadata } from '../../src/classifier/metadata.js';
import { PrecisionError, precisionOf, storeWeights, toInt8 } from '../../src/classifier/precision.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { halfToNumber, numberToHalf } from '../../src/graph/half.js';
import { decodeModel, encodeModel } from '../../src/graph/onnx.js';
import { float32, tensor } from '../../src/graph/tensor.js';
import { assertClose } from '../compare.js';
import { seededClassifier, seededNumbers } from './seeded-classifier.js';

const engine = await ortNode({ provider: 'cpu', threads: 1 });

/** x (N, 40) through a dense layer each way round, and x (N, 4, 5, 5) through a convolution. */
function kernels(): Graph {
  const g = new GraphBuilder('kernels');
  const x = g.input('x', 'float32', ['N', 40]);
  const image = g.input('image', 'float32', ['N', 4, 5, 5]);
  const weights = (seed: number, dims: number[]) => {
    const data = seededNumbers(
      dims.reduce((a, b) => a * b, 1),
      seed,
      0.3,
    );
    return float32(data, dims);
  };
  const dense = g.initializer('dense', weights(1, [40, 30]));
  const turned = g.initializer('turned', weights(2, [30, 40]));
  const conv = g.initializer('conv', weights(3, [32, 4, 3, 3]));
  const bias = g.initializer('bias', weights(4, [30]));
  g.output('a', g.op('Gemm', [x, dense, bias]), 'float32', ['N', 30]);
  g.output('b', g.op('Gemm', [x, turned], { transB: 1 }), 'float32', ['N', 30]);
  g.output('c', g.op('Conv', [image, conv]), 'float32', ['N', 32, 3, 3]);
  return g.build();
}

const feeds = {
  x: float32(seededNumbers(80, 5), [2, 40]),
  image: float32(seededNumbers(200, 6), [2, 4, 5, 5]),
};

/** The operations that are left when ONNX Runtime has optimized a graph. */
async function nodesAsRun(graph: Graph): Promise<string[]> {
  const path = join(await mkdtemp(join(tmpdir(), 'ort-transfer-precision-')), 'optimized.onnx');
  const session = await InferenceSession.create(encodeModel({ graph, opset: 13 }), {
    executionProviders: ['cpu'],
    optimizedModelFilePath: path,
    // It warns that the file is for this machine alone.
    logSeverityLevel: 3,
  });
  await session.release();
  const { nodes } = decodeModel(await readFile(path)).graph;
  await rm(dirname(path), { recursive: true });
  return nodes.map(({ op }) => op);
}

test('halves are the nearest, the even one of two, for every half and what lies between', (t) => {
  let wrong = 0;
  for (let bits = 0; bits < 0x7c00; bits++) {
    const here = halfToNumber(bits);
    const next = bits === 0x7bff ? 65536 : halfToNumber(bits + 1);
    const middle = (here + next) / 2;
    const even = bits % 2 === 0 ? bits : bits + 1;
    const expected: [number, number][] = [
      [here, bits],
      [middle, even],
      [middle - (next - here) / 1024, bits],
      [middle + (next - here) / 1024, bits + 1],
    ];
    for (const [x, half] of expected) {
      if (numberToHalf(x) !== half) wrong++;
      if (numberToHalf(-x) !== (half | 0x8000)) wrong++;
    }
  }
  t.is(wrong, 0);
  t.is(numberToHalf(Number.POSITIVE_INFINITY), 0x7c00);
  t.is(numberToHalf(2 ** -25), 0, 'half of the smallest goes to the even 0');
  t.is(numberToHalf(Number.NaN) & 0x7fff, 0x7e00);
});

test('int8 scales by the largest of each output channel', (t) => {
  const weight = float32([1, -0.6, 0, 0.26, -4, 0.01], [3, 2]);
  const byColumn = toInt8(weight, 1);
  t.deepEqual(byColumn.scale, float32([4 / 127, Math.fround(0.6) / 127], [1, 2]));
  t.deepEqual(byColumn.values, tensor('int8', Int8Array.of(32, -127, 0, 55, -127, 2), [3, 2]));
  const byRow = toInt8(weight, 0);
  t.deepEqual(byRow.scale, float32([1 / 127, Math.fround(0.26) / 127, 4 / 127], [3, 1]));
  t.deepEqual(byRow.values, tensor('int8', Int8Array.of(127, -76, 0, 127, -127, 0), [3, 2]));
});

test('int8 keeps channels of zeros, and those of a large tensor with a run each', (t) => {
  const { values, scale } = toInt8(float32([0, 0, 0, 0, 2, -2, 1, 0], [2, 2, 2]), 1);
  t.deepEqual(scale, float32([2 / 127, 1 / 127], [1, 2, 1]));
  t.deepEqual(values.data, Int8Array.of(0, 0, 0, 0, 127, -127, 127, 0));
  t.deepEqual(toInt8(float32([0, 0], [2, 1]), 0).scale, float32([1, 1], [2, 1]));
});

for (const [precision, step] of [
  ['fp16', 2 ** -11],
  ['int8', 1 / 254],
] as const) {
  test(`${precision} computes what its rounded weights give, within their rounding of the original`, async (t) => {
    const graph = kernels();
    const small = storeWeights(graph, precision);
    const run = async (model: Graph, { js = false } = {}) =>
      (await (js ? jsEngine() : engine).load(encodeModel({ graph: model, opset: 13 }))).run(feeds);
    const [expected, actual] = [await run(graph), await run(small)];
    for (const name of ['a', 'b', 'c']) {
      // 40 products of weights below 0.3, each off by half a step at most.
      const absolute = 40 * 0.3 * step;
      assertClose(t, actual[name]!, expected[name]!, { label: name, relative: 0, absolute });
      t.notDeepEqual(actual[name]!.data, expected[name]!.data);
    }
    const js = await run(small, { js: true });
    for (const name of ['a', 'b', 'c'])
      assertClose(t, js[name]!, actual[name]!, { label: `${name} in plain TypeScript`, absolute: 1e-6 });
  });

  test(`${precision} takes no longer: ONNX Runtime runs the same nodes once it has loaded it`, async (t) => {
    const graph = kernels();
    const nodes = await Promise.all([nodesAsRun(graph), nodesAsRun(storeWeights(graph, precision))]);
    t.true(nodes[0]!.includes('Gemm'));
    t.deepEqual(nodes[1], nodes[0]);
  });

  test(`${precision} stores the large weights alone, and says so`, (t) => {
    const graph = kernels();
    const small = storeWeights(graph, precision);
    t.is(precisionOf(graph), 'fp32');
    t.is(precisionOf(small), precision);
    t.deepEqual(small.initializers.get('bias'), graph.initializers.get('bias'));
    t.deepEqual(small.outputs, graph.outputs);
    t.deepEqual(small.nodes.slice(-graph.nodes.length), graph.nodes);
    const type = precision === 'fp16' ? 'float16' : 'int8';
    t.deepEqual(
      [...small.initializers].filter(([, tensor]) => tensor.type === type).map(([name]) => name),
      [`dense/${type}`, `turned/${type}`, `conv/${type}`],
    );
    if (precision === 'int8')
      t.deepEqual(
        ['dense', 'turned', 'conv'].map((name) => small.initializers.get(`${name}/scale`)!.dims),
        [
          [1, 30],
          [30, 1],
          [32, 1, 1, 1],
        ],
      );
  });

  test(`${precision} of ${precision} changes nothing; of another it is refused`, (t) => {
    const small = storeWeights(kernels(), precision);
    t.is(storeWeights(small, precision), small);
    const other = precision === 'fp16' ? 'int8' : 'fp16';
    for (const wanted of [other, 'fp32'] as const)
      t.throws(() => storeWeights(small, wanted), {
        instanceOf: PrecisionError,
        message: `Expected a model with fp32 weights, to store as ${wanted}. Received: one with ${precision} weights. Hint: start from the model that was trained.`,
      });
  });
}

test('weights that halves cannot hold stay float32, and so do those that are no numbers', (t) => {
  for (const [value, int8] of [
    [70000, true],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
  ] as const) {
    const g = new GraphBuilder('large');
    const weights = new Float32Array(2048).fill(value, 5, 6);
    const x = g.input('x', 'float32', ['N', 1]);
    g.output('y', g.op('Gemm', [x, g.initializer('w', float32(weights, [1, 2048]))]), 'float32', ['N', 2048]);
    t.is(precisionOf(storeWeights(g.build(), 'fp16')), 'fp32');
    t.is(precisionOf(storeWeights(g.build(), 'int8')), int8 ? 'int8' : 'fp32');
  }
});

test('names that are taken are not taken again', async (t) => {
  const g = new GraphBuilder('crowded');
  const x = g.input('x', 'float32', ['N', 1]);
  const big = (name: string) => g.initializer(name, float32(new Float32Array(1024).fill(0.5), [1, 1024]));
  const first = g.op('Gemm', [x, big('w')]);
  const second = g.op('Gemm', [x, big('w/int8')]);
  const third = g.op('Mul', [second, big('w/int8/Cast')]);
  g.output('y', g.op('Add', [first, third]), 'float32', ['N', 1024]);
  const session = await engine.load(encodeModel({ graph: storeWeights(g.build(), 'int8'), opset: 13 }));
  const { y } = await session.run({ x: float32([2], [1, 1]) });
  assertClose(t, y!.data as Float32Array, new Float32Array(1024).fill(1.5), { label: 'y', relative: 1e-6 });
});

test('the metadata tells the precision, and that of fp32 by its absence', (t) => {
  const model = seededClassifier();
  const properties = decodeModel(encodeModel(model)).metadata!;
  const read = (precision?: string) =>
    readMetadata(encodeModel({ ...model, metadata: { ...properties, ...(precision ? { precision } : {}) } }));
  t.is(read('"int8"').precision, 'int8');
  t.false('precision' in read());
  t.throws(() => read('"int4"'), {
    message: `Expected valid 'precision' in the model's metadata. Received: "int4".`,
  });
});
