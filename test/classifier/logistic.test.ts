import test from 'ava';
import { minimise } from '../../src/classifier/lbfgs.js';
import { LogisticFitter, logitsOf, writeLogistic } from '../../src/classifier/logistic.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32 } from '../../src/graph/tensor.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';

/** Three classes about three centres that overlap; rows of any length. */
function clouds(rows: number, features: number, classes = 3) {
  const random = new RandomState(7);
  const centres = Array.from({ length: classes }, () => random.normal(0, 1, features));
  const x = new Float32Array(rows * features);
  const y = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const label = row % classes;
    const length = 0.5 + random.random() * 10;
    for (let d = 0; d < features; d++)
      x[row * features + d] = length * (centres[label]![d]! + random.normal(0, 1.5));
    y[row * classes + label] = 1;
  }
  return { x: float32(x, [rows, features]), y: float32(y, [rows, classes]) };
}

test('L-BFGS finds the minimum of a badly scaled quadratic', async (t) => {
  const scales = [1, 10, 100, 1000, 10_000];
  let calls = 0;
  const found = await minimise(
    async (point) => {
      calls++;
      return {
        value: point.reduce((sum, value, i) => sum + 0.5 * scales[i]! * (value - i) ** 2, 0),
        gradient: point.map((value, i) => scales[i]! * (value - i)),
      };
    },
    new Float64Array(5),
    { tolerance: 1e-8 },
  );
  assertClose(t, found, [0, 1, 2, 3, 4], { label: 'minimum', absolute: 1e-6 });
  t.true(calls < 100, `${calls} calls`);
});

test('the kernel and the bias are where the gradient of the penalised loss vanishes', async (t) => {
  const [rows, features, classes, views, strength] = [60, 5, 3, 2, 0.5];
  const { x, y } = clouds(rows, features);
  const engine = await ortNode();
  const fitter = await LogisticFitter.open(engine, { features, classes });
  const fitted = await fitter.fit({ x, y, views }, { strength });
  // Written anew, in double precision: x = √D·e/‖e‖, dKernel = kernel + C/K · xᵀ(p − y), dBias = C/K · Σ(p − y).
  const dKernel = Array.from(fitted.kernel.data);
  const dBias = new Array(classes).fill(0);
  for (let row = 0; row < rows; row++) {
    const e = Array.from(x.data.subarray(row * features, (row + 1) * features));
    const scale = Math.sqrt(features) / Math.hypot(...e);
    const logits = Array.from(
      { length: classes },
      (_, c) =>
        e.reduce((sum, v, d) => sum + v * scale * fitted.kernel.data[d * classes + c]!, 0) +
        fitted.bias.data[c]!,
    );
    const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    for (const [c, z] of logits.entries()) {
      const d = (strength / views) * (Math.exp(z) / total - y.data[row * classes + c]!);
      dBias[c] += d;
      for (const [i, v] of e.entries()) dKernel[i * classes + c]! += d * v * scale;
    }
  }
  // Float32 losses tell no smaller gradients apart.
  assertClose(t, [...dKernel, ...dBias], new Array(features * classes + classes).fill(0), {
    label: 'gradient',
    absolute: 2e-3,
  });
});

test('the fit is the same from another start, on the other engine, and as a graph', async (t) => {
  const { x, y } = clouds(45, 6);
  const engine = await ortNode();
  const shape = { features: 6, classes: 3 };
  const fitter = await LogisticFitter.open(engine, shape);
  const fitted = await fitter.fit({ x, y }, { strength: 0.1 });
  const start = await fitter.fit({ x, y }, { strength: 10 });
  const again = await (await LogisticFitter.open(jsEngine(), shape)).fit({ x, y }, { strength: 0.1, start });
  assertClose(t, again.kernel, fitted.kernel, { label: 'kernel', absolute: 5e-3 });

  const g = new GraphBuilder('logits');
  const embedding = g.input('embedding', 'float32', ['N', 6]);
  g.output('logits', writeLogistic(g, embedding, fitted), 'float32', ['N', 3]);
  const bytes = encodeModel({ graph: g.build(), opset: 13 });
  for (const runner of [engine, jsEngine()]) {
    const session = await runner.load(bytes);
    const { logits } = await session.run({ embedding: x });
    assertClose(t, logits!.data as Float32Array, logitsOf(fitted, x), { label: runner.name, absolute: 1e-5 });
    await session.release();
  }
});
