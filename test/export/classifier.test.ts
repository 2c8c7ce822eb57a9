import test from 'ava';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Value } from '../../src/graph/graph.js';
import { decodeModel, encodeModel } from '../../src/graph/onnx.js';
import {
  caffeScaling,
  normalisePixels,
  type Preprocessing,
  resizePixels,
} from '../../src/graph/preprocessing.js';
import { type Tensor, tensor } from '../../src/graph/tensor.js';
import { assertClose } from '../compare.js';
import { backbone, head, metadata, seededClassifier, seededNumbers } from './seeded-classifier.js';

const engine = await ortNode({ provider: 'cpu' });

const pixelsOf = (n: number, height: number, width: number, seed: number): Tensor<'uint8'> =>
  tensor(
    'uint8',
    Uint8Array.from(seededNumbers(n * height * width * 3, seed, 127.5), (x) => Math.floor(x + 127.5)),
    [n, height, width, 3],
  );

/** Runs the parts of the export as graphs of their own, one after the other. */
async function inParts(pixels: Tensor, preprocessing: Preprocessing): Promise<Tensor> {
  const parts: [output: 'uint8' | 'float32', rank: number, write: (g: GraphBuilder, x: Value) => Value][] = [
    ['uint8', 4, (g, x) => resizePixels(g, x, preprocessing.size)],
    ['float32', 4, (g, x) => normalisePixels(g, x, preprocessing)],
    ['float32', 2, (g, x) => backbone(g, x).embedding],
    ['float32', 2, head],
  ];
  let x = pixels;
  for (const [type, rank, write] of parts) {
    const g = new GraphBuilder('part');
    const y = write(g, g.input('x', x.type, x.dims));
    g.output(
      'y',
      y,
      type,
      Array.from({ length: rank }, (_, i) => `axis${i}`),
    );
    const session = await engine.load(encodeModel({ graph: g.build(), opset: 18 }));
    x = (await session.run({ x })).y!;
  }
  return x;
}

for (const [height, width] of [
  [96, 128],
  [480, 640],
  [31, 17],
  [1, 1],
] as const)
  test(`the export equals its parts run one after the other: ${height}×${width}`, async (t) => {
    const session = await engine.load(encodeModel(seededClassifier()));
    const pixels = pixelsOf(3, height, width, height + width);
    const { probabilities } = await session.run({ pixels });
    t.deepEqual(probabilities!.dims, [3, metadata.labels.length]);
    const expected = await inParts(pixels, metadata.preprocessing);
    assertClose(t, probabilities!, expected, { label: 'probabilities', relative: 1e-5 });
    for (let i = 0; i < 3; i++) {
      const sum = (probabilities!.data as Float32Array).slice(i * 5, i * 5 + 5).reduce((a, b) => a + b, 0);
      t.true(Math.abs(sum - 1) < 1e-6, `row ${i} sums to ${sum}`);
    }
  });

test('the export tells pictures apart', async (t) => {
  const session = await engine.load(encodeModel(seededClassifier()));
  const flat = (level: number) => tensor('uint8', new Uint8Array(10 * 10 * 3).fill(level), [1, 10, 10, 3]);
  const predict = async (level: number) =>
    (await session.run({ pixels: flat(level) })).probabilities!.data as Float32Array;
  const [dark, light] = [await predict(0), await predict(255)];
  const difference = Math.max(...dark.map((p, i) => Math.abs(p - light[i]!)));
  t.true(difference > 0.1, `largest difference ${difference}`);
});

test('the export normalises as its preprocessing says', async (t) => {
  const preprocessing: Preprocessing = { size: [2, 2], crop: 'none', exif: true, ...caffeScaling };
  const model = seededClassifier({
    metadata: { ...metadata, labels: ['b', 'g', 'r'], preprocessing },
    backbone: (g, images) => ({ embedding: g.op('Flatten', [g.op('GlobalAveragePool', [images])]) }),
    head: (_, embedding) => embedding,
  });
  const session = await engine.load(encodeModel(model));
  const pixels = tensor(
    'uint8',
    Uint8Array.from({ length: 27 }, (_, i) => [10, 20, 30][i % 3]!),
    [1, 3, 3, 3],
  );
  const { probabilities } = await session.run({ pixels });
  assertClose(t, probabilities!.data as Float32Array, [30 - 103.939, 20 - 116.779, 10 - 123.68], {
    label: 'BGR minus mean',
  });
});

test('the export is one graph of IR 8 and opset 18, with names that tell its parts', (t) => {
  const bytes = encodeModel(seededClassifier());
  t.deepEqual([...bytes.slice(0, 2)], [8, 8]); // ModelProto.ir_version
  const { graph, opset } = decodeModel(bytes);
  t.is(opset, 18);
  t.deepEqual(graph.inputs, [{ name: 'pixels', type: 'uint8', dims: ['N', 'H', 'W', 3] }]);
  t.deepEqual(graph.outputs, [{ name: 'probabilities', type: 'float32', dims: ['N', 5] }]);
  t.deepEqual(
    graph.nodes.map(({ name }) => name),
    [
      'preprocessing/Resize',
      'preprocessing/Cast',
      'preprocessing/Transpose',
      'preprocessing/Sub',
      'preprocessing/Mul',
      'backbone/Conv',
      'backbone/Relu',
      'backbone/Conv_1',
      'backbone/Relu_1',
      'backbone/GlobalAveragePool',
      'backbone/Flatten',
      'head/Gemm',
      'head/Softmax',
      'probabilities',
    ],
  );
});

test('the same parts give the same bytes', (t) => {
  t.deepEqual(encodeModel(seededClassifier()), encodeModel(seededClassifier()));
});
