import test from 'ava';
import { ExplainError, explain } from '../../src/classifier/explain.js';
import { storeWeights } from '../../src/classifier/precision.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph, Model, Value } from '../../src/graph/graph.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { decodeModel, encodeModel } from '../../src/graph/onnx.js';
import { float32, type Tensor, tensor } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { assertClose } from '../compare.js';
import { metadata, seededClassifier, seededNumbers } from './seeded-classifier.js';

const engine = await ortNode({ provider: 'cpu', threads: 1 });

/** A head as `ort-transfer train` makes it: embedding (N, 24) → 5 classes. */
const head = new Sequential([
  Input({ shape: [24] }),
  new Dense({ units: 16, activation: 'relu' }),
  new Dense({ units: 12, activation: 'relu' }),
  new Dense({ units: 5, activation: 'softmax' }),
]);
head.setWeights(head.weights.map(({ value }, i) => seededNumbers(value.length, 30 + i, 0.9)));

const model = (): Model =>
  seededClassifier({ head: (g, embedding) => head.forward(inferenceContext(g), [embedding]).output });

const pixels: Tensor<'uint8'> = tensor(
  'uint8',
  Uint8Array.from(seededNumbers(4 * 50 * 70 * 3, 9, 127.5), (x) => Math.floor(x + 127.5)),
  [4, 50, 70, 3],
);

/** The model with more of its values as outputs. */
function showing({ graph, ...rest }: Model, values: Record<string, Value>): Uint8Array {
  const g = GraphBuilder.extending(graph);
  for (const [name, value] of Object.entries(values)) g.output(name, value, 'float32', []);
  return encodeModel({ ...rest, graph: g.build() });
}

const makerOf = ({ nodes }: Graph, op: string) => nodes.filter((node) => node.op === op);

/** The head's logits in double precision. */
function logitsOf(embedding: Float64Array): Float64Array {
  let x = embedding;
  const values = head.weights.map(({ value }) => value);
  for (let i = 0; i < values.length; i += 2) {
    const [kernel, bias] = [values[i]!, values[i + 1]!];
    const z = Float64Array.from(bias, (b, u) => {
      let sum = b;
      for (const [k, v] of x.entries()) sum += v * kernel[k * bias.length + u]!;
      return sum;
    });
    x = i + 2 < values.length ? z.map((v) => Math.max(0, v)) : z;
  }
  return x;
}

/** d(logit of `top`)/d(embedding) by central differences. */
function differences(embedding: Float64Array, top: number): Float64Array {
  const epsilon = 1e-6;
  return embedding.map((_, k) => {
    const moved = (step: number) => logitsOf(embedding.map((v, i) => (i === k ? v + step : v)))[top]!;
    return (moved(epsilon) - moved(-epsilon)) / (2 * epsilon);
  });
}

test('heat is Grad-CAM of the likeliest class, with the gradient by finite differences', async (t) => {
  const explained = explain(model());
  const [pool] = makerOf(explained.graph, 'GlobalAveragePool');
  const [flatten] = makerOf(explained.graph, 'Flatten');
  const session = await engine.load(
    showing(explained, { map: pool!.inputs[0]!, embedding: flatten!.outputs[0]! }),
  );
  const { map, embedding, probabilities, heatmap } = await session.run({ pixels });
  const [n, depth, h, w] = map!.dims as [number, number, number, number];
  t.deepEqual(heatmap!.dims, [n, h, w]);
  t.deepEqual([h, w], [24, 32]);

  const expected = new Float32Array(n * h * w);
  for (let i = 0; i < n; i++) {
    const e = Float64Array.from((embedding!.data as Float32Array).subarray(i * depth, (i + 1) * depth));
    const logits = logitsOf(e);
    const top = logits.indexOf(Math.max(...logits));
    const p = probabilities!.data as Float32Array;
    t.is(top, p.subarray(i * 5, i * 5 + 5).indexOf(Math.max(...p.subarray(i * 5, i * 5 + 5))));
    const gradient = differences(e, top);
    const heat = Float64Array.from({ length: h * w }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += gradient[k]! * Number(map!.data[(i * depth + k) * h * w + at]);
      return Math.max(0, sum);
    });
    const most = Math.max(...heat);
    t.true(most > 0);
    expected.set(
      heat.map((value) => value / most),
      i * h * w,
    );
  }
  // Sums of 24 terms of both signs, in float32.
  assertClose(t, heatmap!.data as Float32Array, expected, {
    label: 'heatmap',
    relative: 1e-4,
    absolute: 2e-5,
  });
});

test("the head's gradient is that of its layers' own backward pass", async (t) => {
  const { graph } = explain(model());
  const dEmbedding = makerOf(graph, 'Unsqueeze')[0]!.inputs[0]!;
  const embedding = makerOf(graph, 'Flatten')[0]!.outputs[0]!;
  const onehot = makerOf(graph, 'OneHot')[0]!.outputs[0]!;
  const session = await engine.load(
    showing({ graph, opset: 18 }, { embedding, d_logits: onehot, d_embedding: dEmbedding }),
  );
  const results = await session.run({ pixels });

  const g = new GraphBuilder('reference');
  const x = g.input('embedding', 'float32', ['N', 24]);
  const dLogits = g.input('d_logits', 'float32', ['N', 5]);
  const { logits } = head.forward(inferenceContext(g), [x]);
  g.output('d_embedding', logits!.backward(dLogits, true).inputs[0]!, 'float32', ['N', 24]);
  const reference = await jsEngine().load(encodeModel({ graph: g.build(), opset: 13 }));
  const { d_embedding } = await reference.run({
    embedding: results.embedding!,
    d_logits: results.d_logits!,
  });
  assertClose(t, results.d_embedding!, d_embedding!, { label: 'dEmbedding', relative: 1e-5, absolute: 1e-6 });
  t.true((d_embedding!.data as Float32Array).some((value) => Math.abs(value) > 0.1));
});

test('probabilities, metadata and every older node stay as they were', async (t) => {
  const plain = model();
  const explained = explain(plain);
  t.deepEqual(explained.metadata, plain.metadata);
  t.deepEqual(explained.graph.nodes.slice(0, plain.graph.nodes.length), plain.graph.nodes);
  t.deepEqual(
    explained.graph.outputs.map(({ name, dims }) => [name, dims]),
    [
      ['probabilities', ['N', 5]],
      ['heatmap', ['N', 'h', 'w']],
    ],
  );
  const run = async (m: Model) => (await (await engine.load(encodeModel(m))).run({ pixels })).probabilities!;
  assertClose(t, await run(explained), await run(plain), { label: 'probabilities', relative: 1e-6 });
});

test('a file says the same after it was written and read, and is not explained twice', (t) => {
  const explained = explain(decodeModel(encodeModel(model())));
  t.deepEqual(encodeModel(explained), encodeModel(explain(model())));
  t.is(explain(explained), explained);
});

test('both engines draw the same heat, with small weights, too', async (t) => {
  const { graph, ...rest } = explain(model());
  const bytes = encodeModel({ ...rest, graph: storeWeights(graph, 'int8') });
  const few = tensor('uint8', pixels.data.subarray(0, 50 * 70 * 3), [1, 50, 70, 3]);
  const [ort, js] = [
    await (await engine.load(bytes)).run({ pixels: few }),
    await (await jsEngine().load(bytes)).run({ pixels: few }),
  ];
  assertClose(t, js.heatmap!, ort.heatmap!, { label: 'heatmap', relative: 1e-4, absolute: 1e-5 });
});

test('nothing that speaks for the class leaves no heat, rather than no number', async (t) => {
  // The logit of class 0 falls with every feature, and is the greatest still.
  const explained = explain(
    seededClassifier({
      metadata: { ...metadata, labels: ['a', 'b'] },
      head: (g, embedding) => {
        const kernel = new Float32Array(48);
        for (let k = 0; k < 24; k++) kernel[2 * k] = -0.01;
        const z = g.op('Gemm', [
          embedding,
          g.initializer('kernel', float32(kernel, [24, 2])),
          g.initializer('bias', float32([100, 0])),
        ]);
        return g.op('Softmax', [z], { axis: 1 });
      },
    }),
  );
  const { heatmap } = await (await engine.load(encodeModel(explained))).run({ pixels });
  t.true(heatmap!.data.length > 0 && (heatmap!.data as Float32Array).every((value) => value === 0));
});

test('heads that cannot be traced are refused by name', (t) => {
  const refuse = (write: (g: GraphBuilder, embedding: Value) => Value, message: string) =>
    t.throws(() => explain(seededClassifier({ head: write })), { instanceOf: ExplainError, message });
  const dense = (g: GraphBuilder, x: Value) =>
    g.op('Gemm', [x, g.initializer('w', float32(seededNumbers(120, 1), [24, 5]))]);
  refuse(
    (g, x) => g.op('Softmax', [dense(g, g.op('Sin', [x]))], { axis: 1 }),
    "Expected a head of Identity, Gemm, LpNormalization, Sub, Div, Mul, Relu on a map's mean (GlobalAveragePool). Received: Sin (node 'head/Sin').",
  );
  t.throws(
    () =>
      explain(
        seededClassifier({
          backbone: (g, images) => ({ embedding: g.op('Flatten', [g.op('GlobalMaxPool', [images])]) }),
          head: (g, x) => g.op('Gemm', [x, g.initializer('w', float32(seededNumbers(15, 1), [3, 5]))]),
        }),
      ),
    { instanceOf: ExplainError, message: /Received: GlobalMaxPool \(node 'backbone\/GlobalMaxPool'\)\.$/ },
  );
});
