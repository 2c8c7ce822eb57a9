/** Metrics of given outputs, and those that give several numbers, as they go through `fit`: the values are Keras's 3.15. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import {
  CSVLogger,
  EarlyStopping,
  type MetricResult,
  ModelCheckpoint,
  ReduceLROnPlateau,
  TensorBoard,
} from '../../src/keras/callbacks/index.js';
import { Activation } from '../../src/keras/layers/activation.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import * as metrics from '../../src/keras/metrics/index.js';
import { cloneModel } from '../../src/keras/models/clone.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { decodeKerasModel, encodeKerasModel } from '../../src/keras/saving/index.js';
import { assertClose } from '../compare.js';
import { make, type Spec } from './case.js';

const numbers = (value: (i: number) => number) =>
  float32(
    Float32Array.from({ length: 12 }, (_, i) => value(i)),
    [4, 3],
  );
const outputs = numbers((i) => Math.abs(Math.sin(i + 1)));
const targets = {
  reals: numbers(Math.cos),
  bits: numbers((i) => Number(Math.cos(i) > 0)),
  one_hot: float32([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0], [4, 3]),
};

const cases: readonly (readonly [...Spec, target: keyof typeof targets, result: MetricResult])[] = [
  ['RootMeanSquaredError', {}, 'reals', 1.0150785446166992],
  ['MeanAbsoluteError', {}, 'reals', 0.7809182405471802],
  ['LogCoshError', {}, 'reals', 0.3842485547065735],
  ['CosineSimilarity', {}, 'reals', -0.0017457902431488037],
  ['R2Score', {}, 'reals', -1.6881135702133179],
  [
    'R2Score',
    { class_aggregation: null },
    'reals',
    [-0.4166138172149658, -2.115513324737549, -2.5322134494781494],
  ],
  ['F1Score', {}, 'one_hot', [0, 0.6666666269302368, 0]],
  ['FBetaScore', { beta: 2, average: 'macro', threshold: 0.5 }, 'bits', 0.7407407760620117],
  ['TruePositives', {}, 'bits', 5],
  ['FalsePositives', { thresholds: [0.2, 0.6] }, 'bits', [5, 3]],
  ['TrueNegatives', { thresholds: [0.2, 0.6] }, 'bits', [1, 3]],
  ['FalseNegatives', { thresholds: [0.2, 0.6] }, 'bits', [0, 2]],
  ['Precision', { thresholds: [0.2, 0.6] }, 'bits', [0.5454545617103577, 0.5714285969734192]],
  ['Recall', { thresholds: [0.2, 0.6] }, 'bits', [1, 0.6666666865348816]],
  ['OneHotMeanIoU', { num_classes: 3 }, 'one_hot', 0.1666666716337204],
  ['BinaryIoU', { threshold: 0.4 }, 'bits', 0.29870131611824036],
];

for (const [className, options, target, expected] of cases)
  for (const engine of ['ort', 'js'] as const)
    test(`${className} ${JSON.stringify(options)} of ${target} (${engine})`, async (t) => {
      const metric = make<metrics.Metric>(metrics, [className, options]);
      const model = new Sequential([Input({ shape: [3] }), new Activation({ activation: 'linear' })]);
      model.compile({ loss: 'mse', metrics: [metric], engine });
      const logs = await model.evaluate<MetricResult>(outputs, targets[target], { verbose: 0, batchSize: 3 });
      const result = logs[metric.name]!;
      t.is(Array.isArray(result), Array.isArray(expected));
      // A sum of cosines of both signs loses the digits that they have in common.
      assertClose(t, [result].flat(), [expected].flat(), {
        label: className,
        relative: 2e-6,
        absolute: 1e-7,
      });
      await model.release();
    });

test('metrics that are saved come back with their options', async (t) => {
  const made = cases.map(([className, options]) => make<metrics.Metric>(metrics, [className, options]));
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 3 })]);
  model.compile({ loss: 'mse', metrics: made });
  const read = await decodeKerasModel(await encodeKerasModel(model, 'keras'));
  t.deepEqual(
    read.metrics.map((metric) => [metric.className, metric.getConfig()]),
    made.map((metric) => [metric.className, metric.getConfig()]),
  );
});

/** A model whose precision is told at two thresholds; its outputs are its inputs, so that training changes nothing. */
function twoThresholds() {
  const model = new Sequential([
    Input({ shape: [3] }),
    new Dense({ units: 3, trainable: false }),
    new Activation({ activation: 'linear' }),
  ]);
  model.setWeights([Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), new Float32Array(3)]);
  model.compile({
    loss: 'mse',
    metrics: [new metrics.Precision({ thresholds: [0.2, 0.6], name: 'precision' })],
  });
  return model;
}

test.serial('fit records and prints several numbers as Keras does', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'metrics-'));
  const filename = join(folder, 'log.csv');
  let printed = '';
  const model = twoThresholds();
  const { history } = await model.fit<MetricResult>(outputs, targets.bits, {
    ...{ epochs: 2, batchSize: 4, verbose: 2, callbacks: [new CSVLogger({ filename })] },
    print: (text) => {
      printed += text;
    },
    now: () => 0,
  });
  const precision = [0.5454545617103577, 0.5714285969734192];
  t.deepEqual(history.precision, [precision, precision]);
  t.regex(printed, /^Epoch 1\/2\n1\/1 - 0s - 0s\/step - loss: \d\.\d{4} - precision: 0\.5584\nEpoch 2\/2\n/);
  const [head, first] = (await readFile(filename, 'utf8')).split('\r\n');
  t.is(head, 'epoch,loss,precision,val_loss,val_precision');
  t.regex(first ?? '', /^0,[\d.]+,"""\[0\.54545456, 0\.5714286\]""",NA,NA$/);
  await rm(folder, { recursive: true });
  await model.release();
});

test('callbacks that watch one number refuse several by name', async (t) => {
  const watch = { monitor: 'precision', mode: 'max' } as const;
  for (const callback of [new EarlyStopping(watch), new ReduceLROnPlateau(watch)])
    await t.throwsAsync(twoThresholds().fit(outputs, targets.bits, { verbose: 0, callbacks: [callback] }), {
      name: 'ValueError',
      message: `Expected \`monitor\` of ${callback.constructor.name} to be a metric of one number. Received: 'precision', which has 2. Hint: give each threshold or class a metric of its own.`,
    });
  const folder = await mkdtemp(join(tmpdir(), 'metrics-'));
  const warnings: string[] = [];
  const filepath = join(folder, '{epoch}.keras');
  const checkpoint = new ModelCheckpoint({
    ...watch,
    filepath,
    saveBestOnly: true,
    warn: (text) => warnings.push(text),
  });
  await twoThresholds().fit(outputs, targets.bits, { verbose: 0, epochs: 2, callbacks: [checkpoint] });
  t.deepEqual(warnings, [
    'Can save best model only when `monitor` is a scalar value. Received: [0.5454545617103577 0.5714285969734192]. Falling back to `save_best_only=False`.',
  ]);
  t.true((await readFile(join(folder, '2.keras'))).length > 0);
  await t.throwsAsync(
    twoThresholds().fit(outputs, targets.bits, {
      verbose: 0,
      callbacks: [new TensorBoard({ logDir: folder })],
    }),
    {
      name: 'ValueError',
      message:
        "Expected metrics of one number, which TensorBoard draws. Received: 'precision', which has 2. Hint: give each threshold or class a metric of its own.",
    },
  );
  await rm(folder, { recursive: true });
});

for (const engine of ['ort', 'js'] as const)
  test(`samples count by their weights in weighted metrics alone, which have names of their own (${engine})`, async (t) => {
    const linear = (shape: readonly number[]) =>
      new Sequential([Input({ shape }), new Activation({ activation: 'linear' })]);
    const sampleWeight = float32([0.5, 2, 1, 0.25]);
    const options = { verbose: 0, batchSize: 3 } as const;
    const model = linear([3]);
    model.compile({
      ...{ loss: 'mse', engine, metrics: ['mae', new metrics.Precision({ name: 'precision' })] },
      weightedMetrics: [
        ...(['mae', 'mae'] as const),
        new metrics.Precision({ thresholds: [0.2, 0.6], name: 'precision' }),
        new metrics.F1Score(),
        new metrics.AUC({ name: 'auc' }),
        new metrics.TruePositives({ name: 'tp' }),
        new metrics.RootMeanSquaredError({ name: 'rmse' }),
      ],
    });
    const weighted = await model.evaluate<MetricResult>(outputs, targets.bits, { ...options, sampleWeight });
    const expected = {
      auc: 0.4007936716079712,
      f1_score: [0, 0.5714284777641296, 0],
      loss: 0.39291515946388245,
      mae: 0.46665626764297485,
      precision: 0.5555555820465088,
      rmse: 0.6473866701126099,
      tp: 3.25,
      weighted_mae: 0.5631494522094727,
      weighted_mae_1: 0.5631494522094727,
      weighted_precision: [0.4883720874786377, 0.4137931168079376],
    };
    t.deepEqual(Object.keys(weighted), Object.keys(expected));
    assertClose(t, Object.values(weighted).flat(), Object.values(expected).flat(), {
      ...{ label: 'weighted', relative: 1e-6, absolute: 1e-7 },
    });
    const plain = await model.evaluate<MetricResult>(outputs, targets.bits, options);
    assertClose(
      t,
      [plain.auc, plain.tp, plain.weighted_mae, plain.rmse].flat() as number[],
      [0.5277777910232544, 5, 0.46665626764297485, 0.5673856735229492],
      { label: 'without weights', relative: 1e-6 },
    );
    await model.release();

    const positions = linear([3, 1]);
    positions.compile({ loss: 'mse', engine, weightedMetrics: ['mae', 'binary_accuracy'] });
    const cube = ({ data }: typeof outputs) => float32(data, [4, 3, 1]);
    const logs = await positions.evaluate(cube(outputs), cube(targets.bits), { ...options, sampleWeight });
    assertClose(
      t,
      [logs.binary_accuracy, logs.loss, logs.mae] as number[],
      [0.42222222685813904, 0.39291518926620483, 0.5631494522094727],
      { label: 'positions', relative: 1e-6 },
    );
    await positions.release();
  });

test('weighted metrics are saved and copied, and those without weights are refused', async (t) => {
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 3 })]);
  model.compile({ loss: 'mse', metrics: ['mae'], weightedMetrics: ['mae', new metrics.F1Score()] });
  for (const format of ['keras', 'h5'] as const) {
    const read = await decodeKerasModel(await encodeKerasModel(model, format));
    t.deepEqual(
      read.metrics.map(({ className, isWeighted }) => [className, isWeighted]),
      [
        ['MeanAbsoluteError', false],
        ['MeanAbsoluteError', true],
        ['F1Score', true],
      ],
    );
  }
  t.deepEqual(
    cloneModel(model).metrics.map(({ isWeighted }) => isWeighted),
    [false, true, true],
  );
  t.throws(() => model.compile({ loss: 'mse', weightedMetrics: [new metrics.R2Score()] }), {
    name: 'ValueError',
    message:
      "Expected `weightedMetrics` in which samples can have weights. Received: 'r2_score'. Hint: put it into `metrics`.",
  });
});

test('metrics that cannot be are refused', async (t) => {
  const sparse = new Sequential([Input({ shape: [3] }), new Dense({ units: 3 })]);
  sparse.compile();
  t.throws(
    () => sparse.compile({ loss: 'sparse_categorical_crossentropy', metrics: [new metrics.F1Score()] }),
    {
      name: 'ValueError',
      message: /^Expected targets of shape \(N, 3\) for metric 'f1_score'\. Received: \(N, 1\)/,
    },
  );
  t.throws(() => sparse.compile({ loss: 'mse', metrics: ['mean_io_u' as never] }), {
    message: 'Could not interpret metric identifier: mean_io_u. Hint: pass new MeanIoU({ numClasses })',
  });
  t.throws(() => new metrics.FBetaScore({ beta: 0 }), { message: /It should be > 0\. Received: beta=0$/ });
  t.throws(() => new metrics.FBetaScore({ threshold: 2 }), { message: /0 < threshold <= 1/ });
  t.throws(() => new metrics.R2Score({ numRegressors: -1 }), { message: /Expected a value >= 0/ });
  t.throws(() => new metrics.IoU({ numClasses: 2, targetClassIds: [2] }), {
    message: 'Target class id 2 is out of range, which is [0, 2).',
  });
  t.throws(() => new metrics.Hinge({ reduction: 'sum' } as never), {
    name: 'TypeError',
    message: "Hinge() got an unexpected keyword argument 'reduction'",
  });
  t.throws(() => new metrics.TruePositives({ thresholds: [0.5, 1.5] }), {
    message: 'Threshold values must be in [0, 1]. Received: [1.5]',
  });
});
