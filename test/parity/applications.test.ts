import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { backboneModel, loadBackbone } from '../../src/classifier/backbone.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Context } from '../../src/graph/differentiable.js';
import { fold } from '../../src/graph/fold.js';
import type { Graph } from '../../src/graph/graph.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { normalisePixels, tfScaling } from '../../src/graph/preprocessing.js';
import { float32, type Tensor } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/mobilenet.js';
import { MobileNetV2 } from '../../src/keras/applications/mobilenet-v2.js';
import { Activation } from '../../src/keras/layers/activation.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Conv2D } from '../../src/keras/layers/conv2d.js';
import { Cropping2D } from '../../src/keras/layers/cropping2d.js';
import { DepthwiseConv2D } from '../../src/keras/layers/depthwise-conv2d.js';
import { Dropout } from '../../src/keras/layers/dropout.js';
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from '../../src/keras/layers/global-pooling2d.js';
import { Input } from '../../src/keras/layers/input.js';
import type { Layer } from '../../src/keras/layers/layer.js';
import { LayerNormalization } from '../../src/keras/layers/layer-normalization.js';
import { Normalization } from '../../src/keras/layers/normalization.js';
import { AveragePooling2D, MaxPooling2D } from '../../src/keras/layers/pooling2d.js';
import { ReLU } from '../../src/keras/layers/relu.js';
import { Reshape } from '../../src/keras/layers/reshape.js';
import { SeparableConv2D } from '../../src/keras/layers/separable-conv2d.js';
import { ZeroPadding2D } from '../../src/keras/layers/zero-padding2d.js';
import { Functional } from '../../src/keras/models/functional.js';
import { clearSession } from '../../src/keras/naming.js';
import { noise, picture, seedWeights } from '../applications/seeded.js';
import { assertClose } from '../compare.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('applications.py');

interface Packed {
  shape: number[];
  data: string;
}
const unpack = ({ shape, data }: Packed): Tensor =>
  float32(new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer), shape);

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const session = await engine.load(encodeModel({ graph, opset: 13 }));
  const results = await session.run(feeds);
  await session.release();
  return results;
}

const snakeCase = (options: object) =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );

/** Single precision, with sums in another order. */
const tolerance = { absolute: 1e-5, relative: 1e-4 };
const architectureOf = (model: Functional) => ({
  name: model.name,
  layers: model.layers.map((layer) => [layer.name, layer.className, layer.output.shape, layer.countParams()]),
  params: model.countParams(),
});

/** The model's output, channels last, of a picture scaled to [−1, 1]. */
async function predict(model: Functional, size: number, seed: number): Promise<Tensor> {
  const g = new GraphBuilder('model');
  const pixels = g.input('pixels', 'uint8', ['N', size, size, 3]);
  const { output } = model.forward(inferenceContext(g), [normalisePixels(g, pixels, tfScaling)]);
  const isMap = model.outputTensor.shape.length === 4;
  const y = isMap ? g.op('Transpose', [output], { perm: [0, 2, 3, 1] }) : output;
  g.output(
    'y',
    y,
    'float32',
    model.outputTensor.shape.map((dim, i) => dim ?? `d${i}`),
  );
  return (await run(fold(g.build()), { pixels: picture(size, seed) })).y!;
}

const weightsFolder = process.env.ORT_TRANSFER_WEIGHTS ?? '../shared/weights';

test.serial('MobileNet: names, classes, shapes and parameters at every width and size', async (t) => {
  const options = [0.25, 0.5, 0.75, 1].flatMap((alpha) =>
    [128, 160, 192, 224, null].map((size) => ({
      alpha,
      inputShape: [size, size, 3],
      includeTop: size === 224,
      weights: null,
      pooling: size === 160 ? 'avg' : size === 192 ? 'max' : null,
    })),
  );
  const expected = await askKeras<unknown[]>(
    options.map((o) => ({ ask: 'architecture', application: 'MobileNet', options: snakeCase(o) })),
  );
  for (const [i, o] of options.entries()) {
    clearSession();
    const model = await MobileNet(o as Parameters<typeof MobileNet>[0]);
    t.deepEqual(architectureOf(model), expected[i] as never, JSON.stringify(o));
  }
});

test.serial('MobileNet: the same features from the same files', async (t) => {
  const files = ['2_5', '7_5', '1_0'].map((alpha) =>
    join(weightsFolder, `mobilenet_${alpha}_224_tf_no_top.h5`),
  );
  if (!files.every(existsSync)) {
    t.log(`skipped: there are no weights in ${weightsFolder}`);
    t.pass();
    return;
  }
  const alphas = [0.25, 0.75, 1];
  const base = { ask: 'prediction', application: 'MobileNet', size: 224, seed: 3, seeded: false };
  const expected = await askKeras<Packed[]>(
    files.flatMap((weights, i) =>
      [null, 'avg'].map((pooling) => ({
        ...base,
        options: { weights, alpha: alphas[i], include_top: false, input_shape: [224, 224, 3], pooling },
      })),
    ),
  );
  for (const [i, weights] of files.entries()) {
    const backbone = await loadBackbone({ weights });
    t.is(backbone.info.alpha, alphas[i]!);
    const { graph } = backboneModel(backbone, { outputs: ['map', 'embedding'] });
    const { map, embedding } = await run(graph, { pixels: picture(224, 3) });
    // Values reach 6. In single precision Keras itself is 5e-5 away from Keras in double precision.
    const absolute = { absolute: 1e-4, relative: 0 };
    assertClose(t, map!, unpack(expected[2 * i]!), { label: `${weights} map`, ...absolute });
    assertClose(t, embedding!, unpack(expected[2 * i + 1]!), { label: `${weights} embedding`, ...absolute });
  }
});

test.serial('MobileNet: the same features from seeded weights', async (t) => {
  const cases = [
    { alpha: 0.5, size: 160, depthMultiplier: 1 },
    { alpha: 0.25, size: 128, depthMultiplier: 2 },
    { alpha: 1, size: 192, depthMultiplier: 1 },
    // Odd sizes pad otherwise.
    { alpha: 0.25, size: 101, depthMultiplier: 1 },
  ];
  const options = cases.map(({ alpha, size, depthMultiplier }) => ({
    alpha,
    depthMultiplier,
    inputShape: [size, size, 3],
    includeTop: false,
    weights: null,
  }));
  const expected = await askKeras<Packed[]>(
    cases.map(({ size }, i) => ({
      ask: 'prediction',
      application: 'MobileNet',
      options: snakeCase(options[i]!),
      size,
      seed: i,
      seeded: true,
    })),
  );
  for (const [i, { size }] of cases.entries()) {
    const model = await MobileNet(options[i]);
    seedWeights(model);
    const map = await predict(model, size, i);
    assertClose(t, map, unpack(expected[i]!), { label: JSON.stringify(cases[i]), ...tolerance });
  }
});

test.serial('MobileNetV2: names, classes, shapes and parameters at every width and size', async (t) => {
  const options = [
    ...[0.35, 0.5, 0.75, 1, 1.3, 1.4].map((alpha) => ({ alpha, inputShape: [224, 224, 3] })),
    ...[96, 128, 160, 192, 101, null].map((size) => ({ alpha: 0.35, inputShape: [size, size, 3] })),
  ].map((o) => ({ ...o, includeTop: false, weights: null }));
  const expected = await askKeras<unknown[]>(
    options.map((o) => ({ ask: 'architecture', application: 'MobileNetV2', options: snakeCase(o) })),
  );
  for (const [i, o] of options.entries()) {
    clearSession();
    t.deepEqual(architectureOf(await MobileNetV2(o)), expected[i] as never, JSON.stringify(o));
  }
});

test.serial('MobileNetV2: the same features and probabilities from seeded weights', async (t) => {
  const cases = [
    { alpha: 0.35, size: 96, includeTop: false },
    { alpha: 1.3, size: 128, includeTop: false },
    { alpha: 0.5, size: 101, includeTop: true },
  ];
  const options = cases.map(({ alpha, size, includeTop }) => ({
    alpha,
    inputShape: [size, size, 3],
    includeTop,
    classes: 10,
    weights: null,
  }));
  const expected = await askKeras<Packed[]>(
    cases.map(({ size }, i) => ({
      ask: 'prediction',
      application: 'MobileNetV2',
      options: snakeCase(options[i]!),
      size,
      seed: i,
      seeded: true,
    })),
  );
  for (const [i, { size }] of cases.entries()) {
    const model = await MobileNetV2(options[i]);
    seedWeights(model);
    const output = await predict(model, size, i);
    assertClose(t, output, unpack(expected[i]!), { label: JSON.stringify(cases[i]), ...tolerance });
  }
});

test.serial('the same complaints', async (t) => {
  const small = { includeTop: false, weights: null };
  const cases: ['MobileNet' | 'MobileNetV2', object][] = [
    ['MobileNet', { weights: 'nope' }],
    ['MobileNet', { classes: 10 }],
    ['MobileNet', { inputShape: [30, 30, 3], ...small }],
    ['MobileNet', { inputShape: [128, 100, 3] }],
    ['MobileNet', { includeTop: false, inputShape: [128, 128, 1] }],
    ['MobileNet', { alpha: 0.3, includeTop: false }],
    ['MobileNet', { depthMultiplier: 2, includeTop: false }],
    ['MobileNet', { weights: null, inputShape: [null, null, 3] }],
    ['MobileNet', { weights: null, inputShape: [224, 224] }],
    ['MobileNet', { weights: null, dropout: 2 }],
    ['MobileNetV2', { classes: 10 }],
    ['MobileNetV2', { alpha: 0.3, includeTop: false }],
    ['MobileNetV2', { inputShape: [30, 30, 3], ...small }],
    ['MobileNetV2', { weights: null, inputShape: [null, 64, 3] }],
  ];
  const expected = await askKeras<{ type: string; message: string }[]>(
    cases.map(([application, o]) => ({ ask: 'error', application, options: snakeCase(o) })),
  );
  for (const [i, [application, o]] of cases.entries()) {
    const make = application === 'MobileNet' ? MobileNet : MobileNetV2;
    const error = await t.throwsAsync(make({ ...o, warn: () => {} }));
    t.deepEqual({ type: error!.name, message: error!.message }, expected[i], JSON.stringify(o));
  }
});

test.serial('MobileNet: loads what Keras 3 saves in the legacy layout, frozen or not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'keras-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const options = { alpha: 0.25, inputShape: [128, 128, 3], includeTop: false, weights: null };
  const frozen = [0, 40];
  await askKeras(
    frozen.map((count) => ({
      ask: 'save',
      application: 'MobileNet',
      options: snakeCase(options),
      path: join(folder, `${count}.h5`),
      frozen: count,
    })),
  );
  const expected = await MobileNet(options);
  seedWeights(expected);
  for (const count of frozen) {
    const model = await MobileNet({ ...options, weights: await readFile(join(folder, `${count}.h5`)) });
    t.deepEqual(model.getWeights(), expected.getWeights());
  }
});

const layerTypes = {
  Cropping2D,
  LayerNormalization,
  Normalization,
  Activation,
  Dropout,
  Reshape,
  Conv2D,
  DepthwiseConv2D,
  SeparableConv2D,
  BatchNormalization,
  ReLU,
  ZeroPadding2D,
  MaxPooling2D,
  AveragePooling2D,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
};

interface LayerCase {
  name: keyof typeof layerTypes;
  options: Record<string, unknown>;
  shape: number[];
}

/** Layers with every option, in every combination that matters, and some that nobody should ask for. */
const layerCases: LayerCase[] = [
  ...['valid', 'same', 'SAME'].flatMap((padding) =>
    [1, 2, [2, 3], 3].flatMap((strides) =>
      [1, 3, [2, 4]].flatMap((kernelSize): LayerCase[] => [
        { name: 'Conv2D', options: { filters: 4, kernelSize, strides, padding }, shape: [2, 7, 8, 3] },
        {
          name: 'SeparableConv2D',
          options: { filters: 5, kernelSize, padding, depthMultiplier: 2, strides: [strides].flat()[0] },
          shape: [2, 9, 8, 3],
        },
        {
          name: 'DepthwiseConv2D',
          options: { kernelSize, padding, depthMultiplier: 2, strides: [strides].flat()[0] },
          shape: [2, 8, 9, 3],
        },
      ]),
    ),
  ),
  ...['valid', 'same'].flatMap((padding) =>
    [null, 1, 2, [3, 2]].flatMap((strides) =>
      [2, [3, 2]].flatMap((poolSize) =>
        (['MaxPooling2D', 'AveragePooling2D'] as const).map(
          (name): LayerCase => ({ name, options: { poolSize, strides, padding }, shape: [2, 7, 8, 3] }),
        ),
      ),
    ),
  ),
  {
    name: 'Conv2D',
    options: { filters: 6, kernelSize: 3, groups: 3, activation: 'relu' },
    shape: [1, 6, 6, 3],
  },
  {
    name: 'Conv2D',
    options: { filters: 2, kernelSize: 3, dilationRate: 2, padding: 'same', useBias: false },
    shape: [1, 6, 7, 3],
  },
  {
    name: 'Conv2D',
    options: { filters: 2, kernelSize: [2, 3], dilationRate: [3, 2], activation: 'tanh' },
    shape: [1, 9, 9, 3],
  },
  {
    name: 'DepthwiseConv2D',
    options: { kernelSize: 3, useBias: false, activation: 'sigmoid' },
    shape: [1, 6, 7, 3],
  },
  ...[{}, { center: false }, { scale: false, momentum: 0.5 }, { epsilon: 0.1, axis: 3 }, { axis: 1 }].map(
    (options): LayerCase => ({ name: 'BatchNormalization', options, shape: [2, 5, 6, 4] }),
  ),
  ...[{}, { scale: false }].flatMap((options): LayerCase[] => [
    { name: 'BatchNormalization', options, shape: [3, 5] },
    { name: 'BatchNormalization', options, shape: [2, 3, 5] },
  ]),
  ...[
    {},
    { maxValue: 0.5 },
    { negativeSlope: 0.2 },
    { threshold: 0.25 },
    { maxValue: 0.5, negativeSlope: 0.1, threshold: 0.25 },
  ].map((options): LayerCase => ({ name: 'ReLU', options, shape: [2, 3, 4, 2] })),
  ...[
    1,
    [2, 1],
    [
      [0, 1],
      [2, 3],
    ],
  ].map((padding): LayerCase => ({ name: 'ZeroPadding2D', options: { padding }, shape: [1, 3, 4, 2] })),
  ...(['GlobalAveragePooling2D', 'GlobalMaxPooling2D'] as const).flatMap((name): LayerCase[] => [
    { name, options: {}, shape: [2, 3, 4, 5] },
    { name, options: { keepdims: true }, shape: [2, 3, 4, 5] },
  ]),
  ...[
    [2, 3],
    [2, 3, 4, 5],
  ].flatMap((shape) =>
    ['relu', 'softmax', 'gelu', 'silu', 'swish', 'hard_sigmoid', 'hard_swish', null].map(
      (activation): LayerCase => ({ name: 'Activation', options: { activation }, shape }),
    ),
  ),
  ...[[24], [-1], [2, -1], [4, 2, 3], [3, -1, 4]].flatMap((targetShape): LayerCase[] => [
    { name: 'Reshape', options: { targetShape }, shape: [2, 24] },
    { name: 'Reshape', options: { targetShape }, shape: [2, 2, 3, 4] },
  ]),
  { name: 'Dropout', options: { rate: 0.5 }, shape: [2, 3] },
  ...[
    0,
    1,
    [2, 1],
    [
      [0, 1],
      [2, 0],
    ],
  ].map((cropping): LayerCase => ({ name: 'Cropping2D', options: { cropping }, shape: [1, 5, 6, 2] })),
  ...[
    [4, 5],
    [2, 3, 4, 5],
  ].flatMap((shape) =>
    [{}, { epsilon: 0.1, center: false }, { scale: false }].map(
      (options): LayerCase => ({ name: 'LayerNormalization', options, shape }),
    ),
  ),
  { name: 'LayerNormalization', options: { axis: [3, 1] }, shape: [2, 3, 4, 5] },
  { name: 'LayerNormalization', options: { axis: [1, -1] }, shape: [2, 3, 4, 5] },
  { name: 'LayerNormalization', options: { axis: 1 }, shape: [2, 3, 5] },
  ...[
    [4, 3],
    [2, 3, 4, 3],
  ].flatMap((shape) =>
    [
      {},
      { axis: null },
      { axis: 1 },
      { mean: [1, 2, 3], variance: [4, 0.25, 1] },
      { mean: 2, variance: 9, invert: true },
      { axis: null, mean: 2, variance: 0 },
    ].map((options): LayerCase => ({ name: 'Normalization', options, shape })),
  ),
  { name: 'Normalization', options: { axis: [-1, 1] }, shape: [2, 3, 4, 5] },
  // Refused by both.
  { name: 'Cropping2D', options: { cropping: 3 }, shape: [1, 6, 7, 3] },
  { name: 'Normalization', options: { mean: 1 }, shape: [1, 6] },
  { name: 'Normalization', options: { mean: [1, 2], variance: 1 }, shape: [1, 2] },
  { name: 'Normalization', options: { axis: null, mean: [1, 2], variance: [1, 2] }, shape: [1, 2] },
  { name: 'Normalization', options: { axis: 3 }, shape: [1, 2] },
  { name: 'Reshape', options: { targetShape: [5] }, shape: [2, 24] },
  { name: 'Reshape', options: { targetShape: [5, -1] }, shape: [2, 24] },
  { name: 'Dropout', options: { rate: 1.5 }, shape: [2, 3] },
  { name: 'Conv2D', options: { filters: 2, kernelSize: 9 }, shape: [1, 6, 7, 3] },
  { name: 'Conv2D', options: { filters: 0, kernelSize: 1 }, shape: [1, 6, 7, 3] },
  { name: 'Conv2D', options: { filters: 4, kernelSize: 1, groups: 3 }, shape: [1, 6, 7, 3] },
  { name: 'Conv2D', options: { filters: 4, kernelSize: 1, groups: 2 }, shape: [1, 6, 7, 3] },
  {
    name: 'Conv2D',
    options: { filters: 4, kernelSize: 2, strides: 2, dilationRate: 2 },
    shape: [1, 6, 7, 3],
  },
  { name: 'Conv2D', options: { filters: 4, kernelSize: [0, 1] }, shape: [1, 6, 7, 3] },
  { name: 'MaxPooling2D', options: { poolSize: 9 }, shape: [1, 6, 7, 3] },
  { name: 'MaxPooling2D', options: {}, shape: [1, 6] },
  { name: 'DepthwiseConv2D', options: { kernelSize: 2 }, shape: [1, 6] },
  { name: 'ReLU', options: { maxValue: -1 }, shape: [1, 6] },
  { name: 'ReLU', options: { negativeSlope: -1 }, shape: [1, 6] },
];

interface LayerAnswer {
  error?: string;
  config: Record<string, unknown>;
  symbolic: (number | null)[];
  weights: [string, number[]][];
  output: Packed;
}

test.serial('image layers: configuration, weights, shapes, results and complaints', async (t) => {
  const expected = await askKeras<LayerAnswer[]>(
    layerCases.map(({ name, options, shape }, seed) => ({
      ask: 'layer',
      name,
      options: snakeCase(options),
      shape,
      seed,
    })),
  );
  for (const [seed, { name, options, shape }] of layerCases.entries()) {
    const label = `${name} ${JSON.stringify(options)} of [${shape}]`;
    const answer = expected[seed]!;
    clearSession();
    const make = () => {
      const layer: Layer = new layerTypes[name](options as never);
      const input = Input({ shape: shape.slice(1) });
      return { layer, model: new Functional({ inputs: input, outputs: layer.apply(input) }) };
    };
    if (answer.error !== undefined) {
      const error = t.throws(make, { name: 'ValueError' }, label);
      t.is(error?.message, answer.error, label);
      continue;
    }
    const { layer, model } = make();
    seedWeights(model);
    t.deepEqual(JSON.parse(JSON.stringify(layer.getConfig())), answer.config, label);
    t.deepEqual(
      layer.weights.map((weight) => [weight.name, weight.shape]),
      answer.weights,
      label,
    );
    const [, ...rest] = shape;
    const symbolic = shape.length === 4 ? [null, null, null, shape[3]!] : [null, ...rest];
    t.deepEqual(layer.computeOutputShape([symbolic]), answer.symbolic, label);

    const x = float32(
      noise(
        shape.reduce((a, b) => a * b),
        seed,
      ).map((u) => 2 * u - 1),
      shape,
    );
    for (const known of [true, false]) {
      const graph = writeLayer(model, shape, known);
      for (const candidate of [graph, fold(graph)]) {
        const { y } = await run(candidate, { x });
        assertClose(t, y!, unpack(answer.output), { label, ...tolerance });
      }
    }
  }
  t.log(`${layerCases.length} layers, ${expected.filter(({ error }) => error !== undefined).length} refused`);
});

/** @param known whether the layer is told height and width */
function writeLayer(model: Functional, shape: readonly number[], known: boolean): Graph {
  const g = new GraphBuilder('layer');
  const x = g.input('x', 'float32', shape);
  const first = shape.length === 4 ? g.op('Transpose', [x], { perm: [0, 3, 1, 2] }) : x;
  const layer = model.layers[1]!;
  const told = known || shape.length !== 4 ? [null, ...shape.slice(1)] : [null, null, null, shape[3]!];
  const { output } = layer.forward(inferenceContext(g), [first], [told]);
  const { length } = model.outputTensor.shape;
  const last = length === 4 ? g.op('Transpose', [output], { perm: [0, 2, 3, 1] }) : output;
  g.output(
    'y',
    last,
    'float32',
    Array.from({ length }, (_, i) => `d${i}`),
  );
  return g.build();
}

test.serial('Normalization learns mean and variance of data', async (t) => {
  const cases: [axis: number | number[] | null, shape: number[]][] = [
    [-1, [40, 3]],
    [-1, [4, 5, 6, 3]],
    [
      [1, 3],
      [4, 5, 6, 3],
    ],
    [null, [7, 5]],
  ];
  const expected = await askKeras<Packed[][]>(
    cases.map(([axis, shape], seed) => ({ ask: 'adapted', axis, shape, seed })),
  );
  for (const [seed, [axis, shape]] of cases.entries()) {
    const layer = new Normalization({ axis });
    layer.adapt(
      float32(
        noise(
          shape.reduce((a, b) => a * b),
          seed,
        ),
        shape,
      ),
    );
    // A scalar travels as an array of one.
    for (const [i, weight] of layer.weights.slice(0, 2).entries())
      assertClose(
        t,
        float32(weight.value, weight.shape.length > 0 ? weight.shape : [1]),
        unpack(expected[seed]![i]!),
        {
          label: `${weight.name} along ${axis}`,
          ...tolerance,
        },
      );
  }
});

test.serial('BatchNormalization trains: output, gradients, moving averages', async (t) => {
  const shapes = [
    [6, 5],
    [2, 4, 5],
    [3, 4, 5, 2],
  ];
  const expected = await askKeras<Packed[][]>(
    shapes.map((shape, seed) => ({ ask: 'normalisation', shape, seed })),
  );
  for (const [seed, shape] of shapes.entries()) {
    const layer = new BatchNormalization({ momentum: 0.9 });
    const input = Input({ shape: shape.slice(1) });
    seedWeights(new Functional({ inputs: input, outputs: layer.apply(input) }));
    const g = new GraphBuilder('step');
    const context: Context = { ...inferenceContext(g), training: true, isTrained: () => true };
    const images = shape.length === 4;
    const channelsFirst = (value: string) =>
      images ? g.op('Transpose', [value], { perm: [0, 3, 1, 2] }) : value;
    const channelsLast = (value: string) =>
      images ? g.op('Transpose', [value], { perm: [0, 2, 3, 1] }) : value;
    const [x, dy] = ['x', 'dy'].map((name) => channelsFirst(g.input(name, 'float32', shape)));
    const step = layer.forward(context, [x!], [[null, ...shape.slice(1)]]);
    const gradients = step.backward!(dy!, true);
    const [gamma, beta, mean, variance] = layer.weights;
    const results = [
      channelsLast(step.output),
      channelsLast(gradients.inputs[0]!),
      gradients.weights!.get(gamma!)!,
      gradients.weights!.get(beta!)!,
      step.updates!.get(mean!)!,
      step.updates!.get(variance!)!,
    ];
    for (const [i, value] of results.entries())
      g.output(`r${i}`, value, 'float32', i < 2 ? shape : [shape.at(-1)!]);
    const values = (s: number) =>
      float32(
        noise(
          shape.reduce((a, b) => a * b),
          s,
        ).map((u) => 2 * u - 1),
        shape,
      );
    const actual = await run(g.build(), { x: values(seed), dy: values(seed + 1) });
    for (const [i, answer] of expected[seed]!.entries())
      assertClose(t, actual[`r${i}`]!, unpack(answer), { label: `result ${i} of [${shape}]`, ...tolerance });
  }
});
