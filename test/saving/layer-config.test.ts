/** Every layer comes back from its own configuration. */
import test from 'ava';
import { MinMaxNorm } from '../../src/keras/constraints.js';
import * as layers from '../../src/keras/layers/index.js';
import { Layer } from '../../src/keras/layers/index.js';
import { deserializeLayer, isLayerClass } from '../../src/keras/saving/layer-config.js';

/** One layer of each class, with no option at its default. */
const all: readonly Layer[] = [
  new layers.Activation({ activation: 'gelu' }),
  new layers.Add({ name: 'sum' }),
  new layers.Average({ name: 'mean' }),
  new layers.AveragePooling2D({ poolSize: [2, 3], strides: 1, padding: 'same' }),
  new layers.BatchNormalization({
    axis: 1,
    momentum: 0.5,
    epsilon: 0.1,
    center: false,
    scale: false,
    movingMeanInitializer: 'ones',
    movingVarianceInitializer: 'zeros',
  }),
  new layers.Concatenate({ axis: 2 }),
  new layers.Conv2D({
    filters: 4,
    kernelSize: [3, 5],
    strides: [1, 2],
    padding: 'same',
    groups: 2,
    activation: 'relu',
    useBias: false,
  }),
  new layers.Cropping2D({
    cropping: [
      [0, 1],
      [2, 3],
    ],
  }),
  new layers.Dense({
    units: 7,
    activation: 'elu',
    kernelInitializer: 'he_normal',
    biasInitializer: 'ones',
    kernelRegularizer: 'l1',
    biasRegularizer: 'l2',
    kernelConstraint: new MinMaxNorm({ minValue: 0.25, maxValue: 0.5, rate: 0.5, axis: [0, 1] }),
    biasConstraint: 'non_neg',
    trainable: false,
  }),
  new layers.DepthwiseConv2D({ kernelSize: 2, depthMultiplier: 3, dilationRate: 2 }),
  new layers.Dropout({ rate: 0.25, noiseShape: [null, 1, 4], seed: 3 }),
  new layers.ELU({ alpha: 0.5 }),
  new layers.Flatten({ name: 'flat' }),
  new layers.GaussianNoise({ stddev: 0.25, seed: 3 }),
  new layers.GlobalAveragePooling2D({ keepdims: true }),
  new layers.GlobalMaxPooling2D({ keepdims: true }),
  new layers.GroupNormalization({
    groups: 3,
    epsilon: 0.1,
    center: false,
    scale: false,
    betaInitializer: 'ones',
  }),
  new layers.LayerNormalization({
    axis: [1, 3],
    epsilon: 0.1,
    center: false,
    scale: false,
    gammaInitializer: 'zeros',
  }),
  new layers.LayerScale({ initValues: 0.5, projectionDim: 3 }),
  new layers.LeakyReLU({ negativeSlope: 0.1 }),
  new layers.MaxPooling2D({ poolSize: 3, strides: 2, padding: 'same' }),
  new layers.Maximum({ name: 'largest' }),
  new layers.Minimum({ name: 'smallest' }),
  new layers.Multiply({ name: 'product' }),
  new layers.Normalization({ axis: [1, 2], mean: [1, 2], variance: [3, 4], invert: true }),
  new layers.PReLU({ alphaInitializer: 'ones', alphaRegularizer: 'l1', sharedAxes: [1, 2] }),
  new layers.Permute({ dims: [2, 1] }),
  new layers.ReLU({ maxValue: 6, negativeSlope: 0.1, threshold: 0.5 }),
  new layers.Rescaling({ scale: 1 / 127.5, offset: -1 }),
  new layers.Reshape({ targetShape: [2, -1] }),
  new layers.SeparableConv2D({ filters: 4, kernelSize: 3, depthMultiplier: 2, activation: 'tanh' }),
  new layers.Softmax({ axis: 1 }),
  new layers.SpatialDropout2D({ rate: 0.25, seed: 3 }),
  new layers.Subtract({ name: 'difference' }),
  new layers.UnitNormalization({ axis: 1 }),
  new layers.UpSampling2D({ size: [2, 3], interpolation: 'bilinear' }),
  new layers.ZeroPadding2D({
    padding: [
      [0, 1],
      [2, 3],
    ],
  }),
];

test('every layer that is exported can be read', (t) => {
  const isClass = (value: unknown): value is typeof Layer =>
    typeof value === 'function' && value.prototype instanceof Layer;
  const names = Object.entries(layers).flatMap(([name, value]) => (isClass(value) ? [name] : []));
  t.deepEqual(
    names.filter((name) => !isLayerClass(name)),
    ['InputLayer'],
  );
  t.deepEqual(
    all.map(({ className }) => className),
    names.filter((name) => name !== 'InputLayer').sort(),
  );
});

for (const layer of all)
  test(`${layer.className} comes back from its configuration`, (t) => {
    const serialized = JSON.parse(JSON.stringify({ class_name: layer.className, config: layer.getConfig() }));
    const copy = deserializeLayer(serialized);
    t.is(copy.constructor, layer.constructor);
    t.deepEqual(copy.getConfig(), layer.getConfig());
  });
