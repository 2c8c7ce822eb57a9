import test from 'ava';
import { explain } from '../../src/classifier/explain.js';
import { type FittedHead, logPriorOf } from '../../src/classifier/fit-head.js';
import { logitsOf } from '../../src/classifier/logistic.js';
import { findPrototypes } from '../../src/classifier/prototypes.js';
import { writeHead, writeStrangers } from '../../src/classifier/write-head.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, type Tensor, tensor } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';
import { seededClassifier, seededNumbers } from '../export/seeded-classifier.js';

const [features, classes] = [24, 5];
const model = new Sequential([
  Input({ shape: [features] }),
  new Dense({ units: 16, activation: 'relu' }),
  new Dense({ units: classes, activation: 'softmax' }),
]);
model.setWeights(model.getWeights().map((value, i) => seededNumbers(value.length, 30 + i, 0.9)));
const logistic = {
  kernel: float32(seededNumbers(features * classes, 5, 0.4), [features, classes]),
  bias: float32(seededNumbers(classes, 6, 0.5), [classes]),
};
const logPrior = Float32Array.from([0.1, 0.2, 0.4, 0.05, 0.25], Math.log);
const dense = { model, temperature: 2.5 };
const heads: Record<string, FittedHead> = {
  dense: { dense, logistic: null, logPrior: null },
  'dense as it was trained': { dense: { model, temperature: 1 }, logistic: null, logPrior: null },
  logistic: { dense: null, logistic, logPrior: null },
  mixed: { dense, logistic, logPrior: null },
  'mixed, flat': { dense, logistic, logPrior },
};

/** Logits of each part of a head for one embedding, divided by the temperature; in double precision. */
function partsOf({ dense, logistic }: FittedHead, e: Float32Array): number[][] {
  const parts: number[][] = [];
  if (dense) {
    let x = Float64Array.from(e);
    const weights = dense.model.getWeights();
    for (let i = 0; i < weights.length; i += 2) {
      const [kernel, bias] = [weights[i]!, weights[i + 1]!];
      const z = Float64Array.from(bias, (b, u) =>
        x.reduce((total, v, k) => total + v * kernel[k * bias.length + u]!, b),
      );
      x = i + 2 < weights.length ? z.map((v) => Math.max(0, v)) : z;
    }
    parts.push(Array.from(x, (z) => z / dense.temperature));
  }
  if (logistic) {
    const { kernel, bias } = logistic;
    const scale = Math.sqrt(features) / Math.hypot(...e);
    parts.push(
      Array.from(bias.data, (b, c) =>
        e.reduce((z, v, d) => z + v * scale * kernel.data[d * classes + c]!, b),
      ),
    );
  }
  return parts;
}

/** The mean of softmax over the parts. */
function expected(head: FittedHead, e: Float32Array): number[] {
  const answers = partsOf(head, e).map((logits) => {
    const exponentials = logits.map((z, c) => Math.exp(z - (head.logPrior?.[c] ?? 0)));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    return exponentials.map((value) => value / sum);
  });
  return answers[0]!.map((_, c) => answers.reduce((sum, part) => sum + part[c]! / answers.length, 0));
}

for (const [name, head] of Object.entries(heads))
  test(`the graph of a head gives its probabilities in both engines: ${name}`, async (t) => {
    const rows = 6;
    const x = float32(seededNumbers(rows * features, 12, 2), [rows, features]);
    const g = new GraphBuilder('head');
    const embedding = g.input('embedding', 'float32', ['N', features]);
    g.output('probabilities', writeHead(g, embedding, head), 'float32', ['N', classes]);
    const bytes = encodeModel({ graph: g.build(), opset: 13 });
    const want = Array.from({ length: rows }, (_, row) =>
      expected(head, x.data.subarray(row * features, (row + 1) * features)),
    ).flat();
    for (const engine of [await ortNode(), jsEngine()]) {
      const session = await engine.load(bytes);
      const { probabilities } = await session.run({ embedding: x });
      assertClose(t, probabilities!.data as Float32Array, want, { label: engine.name, absolute: 1e-6 });
      await session.release();
    }
  });

test('energy is log Σ exp of the logistic logits', async (t) => {
  const measures = { familiarity: [0, 1], energy: [0, 1] };
  const rule = { mode: 'near', threshold: 0.05, reject: 0.05, quantiles: [0, 1], measures } as const;
  const random = new RandomState(0);
  const views = (label: number) => [seededNumbers(features, 50 + label)];
  const pictures = [0, 1, 2].map((label) => ({
    path: `${label}`,
    content: `${label}`,
    label,
    views: views(label),
  }));
  const data = { folder: '', classes: ['a', 'b', 'c'], skipped: [], pictures };
  const g = new GraphBuilder('strangers');
  const embedding = g.input('embedding', 'float32', ['N', features]);
  const stranger = { rule, prototypes: findPrototypes(data, random) };
  for (const [key, value] of Object.entries(writeStrangers(g, embedding, stranger, heads.logistic!)))
    g.output(key, value, 'float32', ['N']);
  const x = float32(seededNumbers(3 * features, 8, 4), [3, features]);
  const logits = logitsOf(logistic, x);
  const want = [0, 1, 2].map((row) =>
    Math.log(logits.subarray(row * classes, (row + 1) * classes).reduce((sum, z) => sum + Math.exp(z), 0)),
  );
  for (const engine of [await ortNode(), jsEngine()]) {
    const session = await engine.load(encodeModel({ graph: g.build(), opset: 18 }));
    const { energy } = await session.run({ embedding: x });
    assertClose(t, energy!, float32(want), { label: engine.name, absolute: 1e-5 });
    await session.release();
  }
});

test('heat of every head is Grad-CAM of the sum of its logits, by finite differences', async (t) => {
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const pixels: Tensor<'uint8'> = tensor(
    'uint8',
    Uint8Array.from(seededNumbers(50 * 70 * 3, 9, 127.5), (x) => Math.floor(x + 127.5)),
    [1, 50, 70, 3],
  );
  for (const [name, head] of Object.entries(heads)) {
    const explained = explain(seededClassifier({ head: (g, embedding) => writeHead(g, embedding, head) }));
    const [pool] = explained.graph.nodes.filter(({ op }) => op === 'GlobalAveragePool');
    const [flatten] = explained.graph.nodes.filter(({ op }) => op === 'Flatten');
    const g = GraphBuilder.extending(explained.graph);
    g.output('map', pool!.inputs[0]!, 'float32', []);
    g.output('embedding', flatten!.outputs[0]!, 'float32', []);
    const session = await engine.load(encodeModel({ ...explained, graph: g.build() }));
    const { map, embedding, probabilities, heatmap } = await session.run({ pixels });
    const row = embedding!.data as Float32Array;
    const answers = [...(probabilities!.data as Float32Array)];
    const top = answers.indexOf(Math.max(...answers));
    const [, depth, h, w] = map!.dims as [number, number, number, number];
    const gradient = Array.from({ length: depth }, (_, k) => {
      const epsilon = 1e-3;
      const moved = (step: number) => {
        const e = row.map((v, i) => (i === k ? v + step : v));
        return partsOf(head, e).reduce((sum, logits) => sum + logits[top]!, 0);
      };
      return (moved(epsilon) - moved(-epsilon)) / (2 * epsilon);
    });
    const heat = new Float64Array(h * w);
    const values = map!.data as Float32Array;
    for (let at = 0; at < h * w; at++) {
      for (const [k, weight] of gradient.entries()) heat[at]! += weight * values[k * h * w + at]!;
      heat[at] = Math.max(0, heat[at]!);
    }
    const most = Math.max(...heat) || 1;
    assertClose(
      t,
      heatmap!.data as Float32Array,
      heat.map((v) => v / most),
      { label: name, absolute: 2e-3 },
    );
    await session.release();
  }
});

test('the prior of a class is the share of its pictures', (t) => {
  const picture = (label: number) => ({ path: '', content: '', label, views: [] });
  const data = { folder: '', classes: ['a', 'b'], skipped: [], pictures: [0, 0, 0, 1].map(picture) };
  assertClose(t, logPriorOf(data), [Math.log(0.75), Math.log(0.25)], { label: 'log prior' });
});
