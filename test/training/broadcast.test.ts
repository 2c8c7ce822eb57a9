/** Targets of another shape than the outputs: the losses are Keras's 3.15, of the same sines and cosines. */
import test from 'ava';
import { float32, sizeOf } from '../../src/graph/tensor.js';
import { Activation } from '../../src/keras/layers/activation.js';
import { Input } from '../../src/keras/layers/input.js';
import type { LossName } from '../../src/keras/losses/index.js';
import type { MetricName } from '../../src/keras/metrics/index.js';
import type { EngineChoice } from '../../src/keras/models/compilation.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { assertClose } from '../compare.js';

const samples = 4;

const values = (shape: readonly number[], value: (i: number) => number) => {
  const dims = [samples, ...shape];
  return float32(
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => value(i)),
    dims,
  );
};

interface Setup {
  readonly loss: LossName;
  readonly outputs: readonly number[];
  readonly targets: readonly number[];
  readonly metrics?: readonly MetricName[];
  readonly engine?: EngineChoice;
}

async function evaluate({ loss, outputs, targets, metrics, engine = 'js' }: Setup) {
  const model = new Sequential([Input({ shape: outputs }), new Activation({ activation: 'sigmoid' })]);
  model.compile({ loss, metrics, engine });
  const y = values(targets, (i) => Math.abs(Math.cos(i)));
  return model.evaluate(values(outputs, Math.sin), y, { verbose: 0 }).finally(() => model.release());
}

for (const [loss, outputs, targets, expected] of [
  ['mse', [2], [1], 0.10274997353553772],
  ['mse', [1], [3], 0.11816143989562988],
  ['mse', [2], [2, 1], 0.1214127168059349],
  ['mse', [3, 2], [3, 1], 0.09485673159360886],
  ['mse', [3, 2], [1, 2], 0.1287466138601303],
  ['mse', [3, 2], [1, 1], 0.14749257266521454],
  ['mse', [3, 1], [3], 0.1416769027709961],
  ['mse', [3, 2], [3, 2, 1], 0.14169804751873016],
  ['mse', [1], [], 0.1424916833639145],
  ['mse', [1], [1, 1], 0.1424916833639145],
  ['binary_crossentropy', [2], [2, 1], 0.7276142835617065],
  ['binary_crossentropy', [3, 1], [3], 0.7299246788024902],
  ['categorical_crossentropy', [2], [2, 1], 1.19325852394104],
  ['categorical_crossentropy', [3, 2], [3, 2, 1], 0.9849343299865723],
] as const)
  for (const engine of ['ort', 'js'] as const)
    test(`${loss} of outputs (N,${outputs}) and targets (N,${targets}) (${engine})`, async (t) => {
      const logs = await evaluate({ loss, outputs, targets, engine });
      assertClose(t, [logs.loss ?? 0], [expected], { label: 'loss', relative: 1e-6 });
    });

test('metrics broadcast with the loss, or are refused', async (t) => {
  const column = { loss: 'mse', outputs: [2], targets: [1] } as const;
  assertClose(
    t,
    Object.values(await evaluate({ ...column, metrics: ['mse', 'binary_accuracy'] })),
    [0.125, 0.10274997353553772, 0.10274997353553772],
    { label: 'logs', relative: 1e-6 },
  );
  await t.throwsAsync(evaluate({ ...column, metrics: ['mse', 'categorical_accuracy'] }), {
    name: 'ValueError',
    message:
      "Expected targets of shape (None, 2) for metric 'categorical_accuracy'. Received: (None, 1), which the loss 'mean_squared_error' broadcasts. Hint: repeat the targets, or leave the metric out.",
  });
});

test('targets that cannot be broadcast, or would lose their classes, are refused', async (t) => {
  const same = 'Arguments `target` and `output` must have the same';
  for (const [loss, outputs, targets, message] of [
    ['mse', [2], [3], 'Expected targets of shape (None, 2). Received: (None, 3).'],
    ['mse', [3, 2], [2], 'Expected targets of shape (None, 3, 2). Received: (None, 2).'],
    ['mse', [1, 1], [], 'Expected targets of shape (None, 1, 1). Received: (None,).'],
    [
      'binary_crossentropy',
      [2],
      [1],
      `${same} shape. Received: target.shape=(None, 1), output.shape=(None, 2)`,
    ],
    [
      'categorical_crossentropy',
      [3, 1],
      [3],
      `${same} rank (ndim). Received: target.shape=(None, 3), output.shape=(None, 3, 1). Hint: toCategorical makes one-hot rows of class indices, and sparse_categorical_crossentropy takes them as they are.`,
    ],
  ] as const)
    await t.throwsAsync(evaluate({ loss, outputs, targets }), { name: 'ValueError', message });
});
