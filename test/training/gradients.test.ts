import test, { type ExecutionContext } from 'ava';
import { jsEngine } from '../../src/engine/js.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Context, Parameter } from '../../src/graph/differentiable.js';
import type { Value } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { prune } from '../../src/graph/prune.js';
import { takeShortcuts } from '../../src/graph/shortcuts.js';
import { float32, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import type { LossWriter } from '../../src/graph/training-plan.js';
import { type ActivationName, elu, getActivation, leakyRelu } from '../../src/keras/activations.js';
import { Activation } from '../../src/keras/layers/activation.js';
import { Add } from '../../src/keras/layers/add.js';
import { Average } from '../../src/keras/layers/average.js';
import type { ConvolutionOptions } from '../../src/keras/layers/base-conv.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Concatenate } from '../../src/keras/layers/concatenate.js';
import { Conv2D } from '../../src/keras/layers/conv2d.js';
import { Cropping2D } from '../../src/keras/layers/cropping2d.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { DepthwiseConv2D } from '../../src/keras/layers/depthwise-conv2d.js';
import { Dropout } from '../../src/keras/layers/dropout.js';
import { ELU } from '../../src/keras/layers/elu.js';
import { Flatten } from '../../src/keras/layers/flatten.js';
import { GaussianNoise } from '../../src/keras/layers/gaussian-noise.js';
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from '../../src/keras/layers/global-pooling2d.js';
import { GroupNormalization } from '../../src/keras/layers/group-normalization.js';
import { Input } from '../../src/keras/layers/input.js';
import { type KerasTensor, type Layer, perInput } from '../../src/keras/layers/layer.js';
import { LayerNormalization } from '../../src/keras/layers/layer-normalization.js';
import { LayerScale } from '../../src/keras/layers/layer-scale.js';
import { LeakyReLU } from '../../src/keras/layers/leaky-relu.js';
import { Multiply } from '../../src/keras/layers/multiply.js';
import { Normalization } from '../../src/keras/layers/normalization.js';
import { Operation } from '../../src/keras/layers/operation.js';
import { Permute } from '../../src/keras/layers/permute.js';
import type { Pooling2DOptions } from '../../src/keras/layers/pooling2d.js';
import { AveragePooling2D, MaxPooling2D } from '../../src/keras/layers/pooling2d.js';
import { PReLU } from '../../src/keras/layers/prelu.js';
import { ReLU } from '../../src/keras/layers/relu.js';
import { Rescaling } from '../../src/keras/layers/rescaling.js';
import { Reshape } from '../../src/keras/layers/reshape.js';
import { SeparableConv2D } from '../../src/keras/layers/separable-conv2d.js';
import type { Pair } from '../../src/keras/layers/sliding-window.js';
import { Softmax } from '../../src/keras/layers/softmax.js';
import { SpatialDropout2D } from '../../src/keras/layers/spatial-dropout2d.js';
import { Subtract } from '../../src/keras/layers/subtract.js';
import { UnitNormalization } from '../../src/keras/layers/unit-normalization.js';
import { UpSampling2D } from '../../src/keras/layers/up-sampling2d.js';
import { ZeroPadding2D } from '../../src/keras/layers/zero-padding2d.js';
import { broadcastLoss } from '../../src/keras/losses/broadcast.js';
import {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalHinge,
  CosineSimilarity,
  Dice,
  Hinge,
  Huber,
  KLDivergence,
  LogCosh,
  type Loss,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  SparseCategoricalCrossentropy,
  SquaredHinge,
  Tversky,
} from '../../src/keras/losses/index.js';
import { lossOfPositions } from '../../src/keras/losses/positions.js';
import { Model } from '../../src/keras/models/model.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { L1L2 } from '../../src/keras/regularizers.js';
import type { Shape } from '../../src/keras/symbolic-shape.js';
import { assertClose } from '../compare.js';
import { compareWithDifferences, type Differentiable } from './finite-difference.js';

const seed = 7;
const random = new RandomState(seed);

/**
 * Values that keep away from 0, where ReLU and its kin have a kink that a difference would step over. The same in each
 * case, whatever those before it drew.
 */
function awayFromZero(dims: readonly number[]): Tensor<'float32'> {
  const values = new RandomState(seed).normal(0, 1, sizeOf(dims));
  return float32(
    Float32Array.from(values, (x) => x + Math.sign(x) * 0.1),
    dims,
  );
}

function softmaxRows(logits: Tensor<'float32'>): Tensor<'float32'> {
  const [rows, columns] = logits.dims as [number, number];
  const data = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const row = Array.from(logits.data.subarray(i * columns, (i + 1) * columns), Math.exp);
    const sum = row.reduce((a, b) => a + b);
    for (const [k, value] of row.entries()) data[i * columns + k] = value / sum;
  }
  return float32(data, logits.dims);
}

/** float32 carries 7 digits, of which the central difference loses about 3. */
async function assertGradients(t: ExecutionContext, subject: Differentiable, options?: { epsilon?: number }) {
  for (const { label, gradient, difference, scale } of await compareWithDifferences(subject, options)) {
    const error = Math.abs(gradient - difference);
    t.true(error <= 2e-3 * scale, `${label}: backward gives ${gradient}, differences give ${difference}`);
    t.true(scale > 0, `${label}: the gradient is zero`);
  }
}

const names: ActivationName[] = [
  'linear',
  'relu',
  'relu6',
  'leaky_relu',
  'elu',
  'gelu',
  'sigmoid',
  'silu',
  'hard_sigmoid',
  'hard_silu',
  'tanh',
  'softmax',
  ...(['selu', 'mish', 'softplus', 'softsign', 'exponential', 'celu', 'squareplus', 'log_sigmoid'] as const),
  ...(['tanh_shrink', 'hard_shrink', 'soft_shrink', 'hard_tanh', 'sparse_plus', 'sparse_sigmoid'] as const),
];
const activations = [
  ...names.map((name) => [name, getActivation(name)] as const),
  ['leaky_relu of slope 0.3', leakyRelu(0.3)] as const,
  ['elu of alpha 0.7', elu(0.7)] as const,
];
for (const [name, activation] of activations)
  test(`the gradient of ${name} is its finite difference`, (t) =>
    assertGradients(t, {
      // Away from ±½ and ±1, too, where some have a kink or a step.
      inputs: {
        x: float32(
          awayFromZero([5, 7]).data.map((x) => 1.07 * x),
          [5, 7],
        ),
      },
      write(g, { x }) {
        const y = activation.forward(g, x!);
        return { y, gradients: (dy) => ({ x: activation.backward(g, dy, { x: x!, y }) }) };
      },
    }));

/** Images flow channels first in graphs, and last in shapes. */
const kerasShape = ({ dims }: Tensor): Shape =>
  dims.length === 4 ? [null, dims[2]!, dims[3]!, dims[1]!] : [null, ...dims.slice(1)];

/** The shape of images whose height and width are not known. */
const withoutSize = (shape: Shape): Shape => (shape.length === 4 ? [null, null, null, shape[3]!] : shape);

interface Ways {
  /** Whether the layer knows the size of images. */
  known?: boolean;
  /** Whether the graph takes shortcuts. */
  shortcuts?: boolean;
}

/** A layer as a function of its inputs, as they flow in graphs, and its weights. */
function layerAsFunction(layer: Layer, ...given: (Tensor<'float32'> | Ways)[]): Differentiable {
  const xs = given.filter((value) => 'dims' in value);
  const options = given.find((value) => !('dims' in value)) as Ways | undefined;
  const { known = true, shortcuts = false } = options ?? {};
  const shapes = perInput(
    xs.map((x) => (known ? kerasShape(x) : withoutSize(kerasShape(x)))),
    layer.name,
  );
  layer.ensureBuilt(shapes);
  const { weights } = layer;
  for (const weight of weights) {
    const { data } = awayFromZero([weight.value.length]);
    weight.value = weight.name === 'moving_variance' ? data.map(Math.abs) : data;
  }
  const nameOf = (weight: Parameter) =>
    weights.filter(({ name }) => name === weight.name).length === 1
      ? weight.name
      : `${weight.name} ${(weights as Parameter[]).indexOf(weight)}`;
  return {
    inputs: {
      ...Object.fromEntries(xs.map((x, i) => [`x${i}`, x])),
      ...Object.fromEntries(weights.map((weight) => [nameOf(weight), float32(weight.value, weight.shape)])),
    },
    write(g, values) {
      if (shortcuts) takeShortcuts(g);
      const context: Context = {
        g,
        training: true,
        weight: (weight) => values[nameOf(weight)]!,
        isTrained: ({ name }) => !name.startsWith('moving'),
        noise: () => g.initializer('noise', float32(random.uniform(0, 1, xs[0]!.data.length), xs[0]!.dims)),
      };
      const { output, backward } = layer.forward(
        context,
        perInput(
          xs.map((_, i) => values[`x${i}`]!),
          layer.name,
        ),
        shapes,
      );
      return {
        y: output,
        gradients(dy) {
          const gradients = backward!(dy, true);
          return {
            ...Object.fromEntries(gradients.inputs.map((dx, i) => [`x${i}`, dx])),
            ...Object.fromEntries(
              Array.from(gradients.weights ?? [], ([weight, value]): [string, Value] => [
                nameOf(weight),
                value,
              ]),
            ),
          };
        },
      };
    },
  };
}

for (const activation of ['linear', 'tanh', 'softmax'] as const)
  test(`Dense's gradients with ${activation} are its finite differences`, (t) =>
    assertGradients(t, layerAsFunction(new Dense({ units: 4, activation }), awayFromZero([6, 5]))));

test("Dense's gradients without a bias are its finite differences", (t) =>
  assertGradients(t, layerAsFunction(new Dense({ units: 3, useBias: false }), awayFromZero([4, 5]))));

const layers: [title: string, layer: Layer, ...inputShapes: number[][]][] = [
  ['Average', new Average(), [4, 5], [4, 1], [4, 5]],
  ['Subtract', new Subtract(), [4, 5], [4, 1]],
  ['Permute', new Permute({ dims: [2, 1] }), [3, 4, 5]],
  ['Permute of pictures', new Permute({ dims: [3, 1, 2] }), [2, 4, 3, 2]],
  ['PReLU', new PReLU(), [4, 5]],
  ['PReLU with a slope for each channel', new PReLU({ sharedAxes: [1, 2] }), [2, 4, 3, 2]],
  ['PReLU with a slope for each value of pictures', new PReLU(), [2, 4, 3, 2]],
  ['UpSampling2D', new UpSampling2D({ size: [2, 3] }), [2, 4, 3, 2]],
  ['UpSampling2D with lines', new UpSampling2D({ size: [2, 3], interpolation: 'bilinear' }), [2, 4, 3, 2]],
  ['SpatialDropout2D', new SpatialDropout2D({ rate: 0.4 }), [2, 4, 3, 2]],
  ['GaussianNoise', new GaussianNoise({ stddev: 0.4 }), [2, 4]],
  ['GroupNormalization', new GroupNormalization({ groups: 2 }), [3, 4]],
  ['GroupNormalization of positions', new GroupNormalization({ groups: 2, scale: false }), [2, 3, 4]],
  ['GroupNormalization of pictures', new GroupNormalization({ groups: 2 }), [2, 4, 3, 2]],
  ['GroupNormalization of volumes', new GroupNormalization({ groups: -1 }), [2, 3, 2, 2, 4]],
  ['Dense on positions', new Dense({ units: 3, activation: 'softmax' }), [2, 4, 5]],
  ['Dense on pictures', new Dense({ units: 3, activation: 'tanh' }), [2, 4, 3, 2]],
  ['Activation', new Activation({ activation: 'gelu' }), [4, 5]],
  ['Activation softmax on pictures', new Activation({ activation: 'softmax' }), [2, 4, 3, 2]],
  ['Softmax along the first axis of two', new Softmax({ axis: 1 }), [2, 4, 3]],
  ['Softmax along the height of pictures', new Softmax({ axis: 1 }), [2, 4, 3, 2]],
  ['UnitNormalization', new UnitNormalization(), [5, 7]],
  ['UnitNormalization along the height of pictures', new UnitNormalization({ axis: 1 }), [2, 4, 3, 2]],
  ['ReLU', new ReLU(), [5, 7]],
  ['ReLU up to 6', new ReLU({ maxValue: 6 }), [5, 7]],
  ['ReLU with every option', new ReLU({ maxValue: 1, negativeSlope: 0.2, threshold: 0.05 }), [5, 7]],
  ['LeakyReLU', new LeakyReLU(), [5, 7]],
  ['ELU', new ELU({ alpha: 0.6 }), [5, 7]],
  ['Dropout', new Dropout({ rate: 0.4 }), [6, 7]],
  ['BatchNormalization', new BatchNormalization(), [6, 4]],
  [
    'BatchNormalization without gamma and beta',
    new BatchNormalization({ scale: false, center: false }),
    [6, 4],
  ],
  ['BatchNormalization of pictures', new BatchNormalization(), [3, 4, 3, 2]],
  ['BatchNormalization along another axis', new BatchNormalization({ axis: 1 }), [3, 4, 5]],
  ['Flatten', new Flatten(), [3, 4, 5]],
  ['Flatten of pictures', new Flatten(), [2, 4, 3, 2]],
  ['Rescaling', new Rescaling({ scale: 0.5, offset: -1 }), [3, 4]],
  ['Reshape', new Reshape({ targetShape: [-1, 2] }), [3, 4]],
  ['Reshape to pictures', new Reshape({ targetShape: [2, 3, 2] }), [3, 12]],
  ['Reshape of pictures', new Reshape({ targetShape: [4, 6] }), [2, 4, 3, 2]],
  ['GlobalAveragePooling2D', new GlobalAveragePooling2D(), [2, 4, 3, 2]],
  ['GlobalAveragePooling2D that keeps axes', new GlobalAveragePooling2D({ keepdims: true }), [2, 4, 3, 2]],
  ['GlobalMaxPooling2D', new GlobalMaxPooling2D(), [2, 4, 3, 2]],
  [
    'ZeroPadding2D',
    new ZeroPadding2D({
      padding: [
        [0, 1],
        [2, 3],
      ],
    }),
    [2, 2, 4, 3],
  ],
  ['Rescaling of channels', new Rescaling({ scale: [0.5, 2, 3], offset: 1 }), [2, 3, 4, 2]],
  ['Concatenate', new Concatenate(), [3, 4], [3, 2], [3, 1]],
  ['Concatenate of pictures', new Concatenate(), [2, 4, 3, 2], [2, 1, 3, 2]],
  ['Concatenate along the height', new Concatenate({ axis: 1 }), [2, 4, 3, 2], [2, 4, 1, 2]],
  ['Add', new Add(), [3, 4], [3, 4], [3, 4]],
  ['Add that broadcasts', new Add(), [3, 4, 1], [3, 1, 5], [3, 4, 5]],
  ['Add of several ranks', new Add(), [2, 3], [2, 4, 1], [2, 3, 5, 1]],
  ['Add that broadcasts pictures', new Add(), [2, 4, 3, 2], [2, 1, 3, 2], [2, 1, 1, 2], [2, 4, 1, 1]],
  ['Multiply', new Multiply(), [3, 4], [3, 4], [3, 4]],
  ['Multiply that broadcasts pictures', new Multiply(), [2, 4, 3, 2], [2, 4, 1, 1]],
  ['Multiply of several ranks', new Multiply(), [2, 4], [2, 3, 4]],
  ['LayerScale', new LayerScale({ initValues: 0.5, projectionDim: 3 }), [4, 3]],
  ['LayerScale of pictures', new LayerScale({ initValues: 0.5, projectionDim: 4 }), [2, 4, 3, 2]],
  ['Dropout of whole pictures', new Dropout({ rate: 0.4, noiseShape: [null, 1, 1, null] }), [5, 3, 2, 2]],
  ['a sum of tensors', new Operation('Add', null), [3, 4], [3, 4]],
  ['a product of tensors', new Operation('Multiply', null), [3, 4], [3, 4]],
  ['a sum with a number', new Operation('Add', 3), [3, 4]],
  ['a product with a number', new Operation('Multiply', 0.5), [3, 4]],
  ['LayerNormalization', new LayerNormalization(), [5, 7]],
  ['LayerNormalization of pictures', new LayerNormalization({ epsilon: 0.1 }), [2, 4, 3, 2]],
  ['LayerNormalization along two axes', new LayerNormalization({ axis: [1, 3] }), [2, 4, 3, 2]],
  ['Normalization', new Normalization({ mean: [1, 2, 3], variance: [4, 0.25, 1] }), [5, 3]],
  ['Normalization undone', new Normalization({ mean: 1, variance: 4, invert: true }), [2, 3, 3, 2]],
  [
    'Cropping2D',
    new Cropping2D({
      cropping: [
        [1, 0],
        [0, 1],
      ],
    }),
    [2, 4, 3, 3],
  ],
];
for (const [title, layer, ...inputShapes] of layers)
  test(`the gradients of ${title} are its finite differences`, (t) =>
    assertGradients(t, layerAsFunction(layer, ...inputShapes.map(awayFromZero)), {
      epsilon: layer instanceof ReLU || layer instanceof GlobalMaxPooling2D ? 1e-3 : 5e-3,
    }));

/** A block of each kind of network that is fine-tuned, of images. */
function blocks(trainable: boolean): Model {
  const x = Input({ shape: [6, 5, 3] });
  const norm = () => new BatchNormalization({ trainable });
  const relu = () => new ReLU({ maxValue: 6 });
  const conv = (filters: number, options = {}) =>
    new Conv2D({ filters, kernelSize: 1, useBias: false, ...options });
  const separate = (input: KerasTensor) =>
    relu().apply(norm().apply(new DepthwiseConv2D({ kernelSize: 3, padding: 'same' }).apply(input)));
  const mix = (input: KerasTensor, filters: number) => norm().apply(conv(filters).apply(input));
  const first = relu().apply(norm().apply(conv(4, { kernelSize: 3, strides: 2, padding: 'same' }).apply(x)));
  const straight = mix(separate(relu().apply(mix(first, 6))), 4);
  const added = new Activation({ activation: 'silu' }).apply(new Add().apply([first, straight]));
  const separable = new SeparableConv2D({ filters: 5, kernelSize: 2, activation: 'elu' }).apply(
    norm().apply(added),
  );
  const biased = norm().apply(conv(4, { useBias: true }).apply(separable));
  // What a convolution makes is read as it is, too.
  const plain = conv(4).apply(separable);
  const both = new Multiply().apply([plain, relu().apply(norm().apply(plain))]);
  const joined = new Concatenate().apply([
    biased,
    both,
    new Activation({ activation: 'softmax' }).apply(both),
  ]);
  return new Model({ inputs: x, outputs: new GlobalAveragePooling2D().apply(joined) });
}

for (const trainable of [true, false])
  test(`short ways through blocks whose BatchNormalization is ${trainable ? 'trained' : 'frozen'} come to the same`, async (t) => {
    const model = blocks(trainable);
    const x = awayFromZero([4, 3, 6, 5]);
    const dy = awayFromZero([4, model.outputShape[1]!]);
    const results = async (shortcuts: boolean) => {
      const { inputs, write } = layerAsFunction(model, x, { shortcuts });
      const g = new GraphBuilder('blocks');
      const values = Object.entries(inputs).map(
        ([name, { dims }]) => [name, g.input(name, 'float32', dims)] as const,
      );
      const { y, gradients } = write(g, Object.fromEntries(values));
      g.output('y', y, 'float32', dy.dims);
      for (const [name, value] of Object.entries(gradients(g.input('dy', 'float32', dy.dims))))
        g.output(`d ${name}`, value, 'float32', inputs[name]!.dims);
      const written = g.build();
      const graph = prune(
        written,
        written.outputs.map(({ name }) => name),
      );
      const session = await jsEngine().load(encodeModel({ graph, opset: 13 }));
      const convolutions = graph.nodes.filter(({ op }) => op === 'Conv').length;
      return { convolutions, values: await session.run({ ...inputs, dy }) };
    };
    const [short, long] = [await results(true), await results(false)];
    // Those that are multiplied out, and those that a frozen BatchNormalization makes anew.
    t.true(short.convolutions < long.convolutions, `${short.convolutions} < ${long.convolutions}`);
    t.deepEqual(Object.keys(short.values), Object.keys(long.values));
    t.is(Object.keys(short.values).length, 2 + model.trainableWeights.length);
    for (const [name, value] of Object.entries(long.values))
      assertClose(t, short.values[name]!, value, {
        label: name,
        relative: 0,
        absolute:
          2e-4 * Math.max(0.01, ...Array.from<number | bigint, number>(value.data, Number).map(Math.abs)),
      });
  });

/** Windows, images (N, C, H, W): strides that leave rows over, dilations, and every padding. */
const windows: [title: string, { kernelSize: number | Pair } & Partial<ConvolutionOptions>, size: Pair][] = [
  ['of one pixel', { kernelSize: 1 }, [4, 3]],
  ['of one pixel, strided', { kernelSize: 1, strides: 2 }, [5, 4]],
  ['of one pixel, strided, padded', { kernelSize: 1, strides: 3, padding: 'same' }, [5, 4]],
  ['of one pixel, dilated', { kernelSize: 1, dilationRate: 2, padding: 'same' }, [4, 3]],
  ['', { kernelSize: 3 }, [5, 4]],
  ['padded', { kernelSize: 3, padding: 'same' }, [4, 5]],
  ['padded more at the end', { kernelSize: [2, 4], padding: 'same' }, [5, 4]],
  ['strided', { kernelSize: 3, strides: 2 }, [7, 6]],
  ['strided and padded', { kernelSize: 3, strides: 2, padding: 'same' }, [6, 5]],
  ['strided one way', { kernelSize: [3, 1], strides: [1, 3], padding: 'same' }, [5, 8]],
  ['strided beyond its size', { kernelSize: 2, strides: 3 }, [7, 6]],
  ['strided beyond its size, padded', { kernelSize: 2, strides: 3, padding: 'same' }, [7, 6]],
  ['dilated', { kernelSize: [3, 2], dilationRate: [2, 3] }, [7, 6]],
  ['dilated and padded', { kernelSize: 3, dilationRate: [1, 2], padding: 'same' }, [5, 6]],
  ['larger than the image', { kernelSize: 5, padding: 'same' }, [3, 2]],
];

const convolutions: [title: string, make: (options: ConvolutionOptions) => Layer, channels: number][] = [
  ['Conv2D', (options) => new Conv2D({ filters: 3, ...options }), 2],
  ['Conv2D in groups', (options) => new Conv2D({ filters: 6, groups: 2, ...options }), 4],
  ['DepthwiseConv2D', (options) => new DepthwiseConv2D(options), 3],
  [
    'DepthwiseConv2D of several channels each',
    (options) => new DepthwiseConv2D({ depthMultiplier: 2, ...options }),
    3,
  ],
  ['SeparableConv2D', (options) => new SeparableConv2D({ filters: 3, depthMultiplier: 2, ...options }), 2],
];
for (const [title, makeLayer, channels] of convolutions)
  for (const [kind, options, [height, width]] of windows) {
    const x = awayFromZero([2, channels, height, width]);
    const name = `${title} ${kind}`.trim();
    test(`the gradients of ${name} are its finite differences`, (t) =>
      assertGradients(
        t,
        layerAsFunction(makeLayer({ ...options, activation: 'tanh' }), x, { shortcuts: true }),
      ));
    test(`the gradients of ${name}, of images of unknown size, are its finite differences`, (t) =>
      assertGradients(t, layerAsFunction(makeLayer({ ...options, useBias: false }), x, { known: false })));
  }

for (const [title, makeLayer] of [
  ['MaxPooling2D', (options: Pooling2DOptions) => new MaxPooling2D(options)],
  ['AveragePooling2D', (options: Pooling2DOptions) => new AveragePooling2D(options)],
] as const)
  for (const [kind, { kernelSize, dilationRate, ...options }, [height, width]] of windows) {
    if (dilationRate !== undefined) continue;
    // No two values within a difference of each other.
    const order = new RandomState(seed).permutation(2 * 3 * height * width);
    const x = float32(
      Float32Array.from(order, (place) => place / 10),
      [2, 3, height, width],
    );
    for (const known of [true, false])
      test(`the gradient of ${title} ${kind}${known ? '' : ', of images of unknown size,'} is its finite difference`, (t) =>
        assertGradients(t, layerAsFunction(makeLayer({ poolSize: kernelSize, ...options }), x, { known })));
  }

test('MaxPooling2D gives its gradient to the first of equal values, as TensorFlow does', async (t) => {
  const x = float32([3, 3, 1, 3, 0, 2, 0, 0, 2], [1, 1, 3, 3]);
  const layer = new MaxPooling2D({ poolSize: 2, strides: 1 });
  assertClose(
    t,
    await inputGradient(layer, x, float32([1, 2, 4, 8], [1, 1, 2, 2])),
    float32([1, 2, 0, 4, 0, 8, 0, 0, 0], [1, 1, 3, 3]),
    { label: 'dx' },
  );
});

test('a frozen BatchNormalization is differentiated as what predicts', async (t) => {
  const layer = new BatchNormalization({ trainable: false });
  const { inputs, write } = layerAsFunction(layer, awayFromZero([4, 3]));
  const positive = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, dims }]) => [name, float32(data.map(Math.abs), dims)]),
  );
  await assertGradients(t, { inputs: positive, write });
});

/** What goes back to `x` when `dy` comes back to the layer's output. */
async function inputGradient(layer: Layer, x: Tensor<'float32'>, dy: Tensor<'float32'>): Promise<Tensor> {
  const g = new GraphBuilder('gradient');
  const { gradients } = layerAsFunction(layer, x).write(g, { x0: g.input('x', 'float32', x.dims) });
  g.output('dx', gradients(g.input('dy', 'float32', dy.dims)).x0!, 'float32', x.dims);
  const session = await jsEngine().load(encodeModel({ graph: g.build(), opset: 13 }));
  return (await session.run({ x, dy })).dx!;
}

test('GlobalMaxPooling2D shares its gradient among equal values', async (t) => {
  const x = float32([1, 3, 3, 2], [1, 1, 2, 2]);
  const dx = await inputGradient(new GlobalMaxPooling2D(), x, float32([1], [1, 1]));
  assertClose(t, dx, float32([0, 0.5, 0.5, 0], [1, 1, 2, 2]), { label: 'dx' });
});

const oneHot = float32([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1], [3, 4]);
const indices = float32([2, 0, 3], [3, 1]);
const bits = float32([1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1], [3, 4]);
const halves = float32(
  bits.data.map((bit) => bit / 2 + 0.25),
  [3, 4],
);
const losses: [
  title: string,
  loss: Loss,
  target: Tensor<'float32'>,
  from: 'softmax' | 'sigmoid' | 'logits' | 'any',
][] = [
  ['categorical cross-entropy', new CategoricalCrossentropy(), oneHot, 'any'],
  ['categorical cross-entropy fused with softmax', new CategoricalCrossentropy(), oneHot, 'softmax'],
  [
    'categorical cross-entropy from logits',
    new CategoricalCrossentropy({ fromLogits: true }),
    oneHot,
    'logits',
  ],
  [
    'smoothed categorical cross-entropy',
    new CategoricalCrossentropy({ labelSmoothing: 0.2 }),
    oneHot,
    'softmax',
  ],
  ['categorical cross-entropy of sigmoids', new CategoricalCrossentropy(), oneHot, 'sigmoid'],
  ['binary cross-entropy of a softmax', new BinaryCrossentropy(), bits, 'softmax'],
  [
    'sparse categorical cross-entropy from logits',
    new SparseCategoricalCrossentropy({ fromLogits: true }),
    indices,
    'logits',
  ],
  ['sparse categorical cross-entropy', new SparseCategoricalCrossentropy(), indices, 'any'],
  [
    'sparse categorical cross-entropy fused with softmax',
    new SparseCategoricalCrossentropy(),
    indices,
    'softmax',
  ],
  ['binary cross-entropy', new BinaryCrossentropy(), bits, 'any'],
  ['binary cross-entropy fused with sigmoid', new BinaryCrossentropy(), bits, 'sigmoid'],
  ['binary cross-entropy from logits', new BinaryCrossentropy({ fromLogits: true }), bits, 'logits'],
  ['smoothed binary cross-entropy', new BinaryCrossentropy({ labelSmoothing: 0.1 }), bits, 'sigmoid'],
  ['mean squared error', new MeanSquaredError(), bits, 'any'],
  ['mean absolute error', new MeanAbsoluteError(), bits, 'logits'],
  ['mean absolute percentage error', new MeanAbsolutePercentageError(), halves, 'any'],
  ['mean squared logarithmic error', new MeanSquaredLogarithmicError(), bits, 'any'],
  ['Huber', new Huber({ delta: 0.6 }), bits, 'logits'],
  ['log cosh', new LogCosh(), bits, 'logits'],
  ['Poisson', new Poisson(), bits, 'any'],
  ['hinge', new Hinge(), bits, 'logits'],
  ['hinge of halves', new Hinge(), halves, 'logits'],
  ['squared hinge', new SquaredHinge(), bits, 'logits'],
  ['categorical hinge', new CategoricalHinge(), oneHot, 'logits'],
  ['Kullback-Leibler divergence', new KLDivergence(), halves, 'any'],
  ['cosine similarity', new CosineSimilarity(), halves, 'logits'],
  ['binary focal cross-entropy', new BinaryFocalCrossentropy(), bits, 'any'],
  [
    'balanced focal cross-entropy',
    new BinaryFocalCrossentropy({ applyClassBalancing: true }),
    bits,
    'sigmoid',
  ],
  ['binary focal cross-entropy of a softmax', new BinaryFocalCrossentropy({ gamma: 3 }), bits, 'softmax'],
  [
    'binary focal cross-entropy from logits',
    new BinaryFocalCrossentropy({ fromLogits: true, labelSmoothing: 0.1 }),
    bits,
    'logits',
  ],
  ['focal cross-entropy', new CategoricalFocalCrossentropy(), oneHot, 'any'],
  ['smoothed focal cross-entropy', new CategoricalFocalCrossentropy({ labelSmoothing: 0.2 }), oneHot, 'any'],
  [
    'focal cross-entropy from logits',
    new CategoricalFocalCrossentropy({ fromLogits: true, alpha: [0.1, 0.5, 1, 2], gamma: 1.5 }),
    oneHot,
    'logits',
  ],
  ['Dice', new Dice({ axis: -1 }), bits, 'any'],
  ['Dice of all', new Dice(), bits, 'any'],
  ['Tversky', new Tversky({ alpha: 0.3, beta: 0.8, axis: -1 }), bits, 'any'],
];
/** A loss as a function of its prediction, which an activation may make. */
function lossAsFunction(
  loss: LossWriter,
  { x, target, from }: { x: Tensor<'float32'>; target: Tensor<'float32'>; from: (typeof losses)[number][3] },
): Differentiable {
  return {
    inputs: {
      x: from === 'any' ? float32(softmaxRows(float32(x.data, [x.data.length / 4, 4])).data, x.dims) : x,
    },
    write(g, { x }) {
      const y = g.initializer('target', target);
      const fused = from === 'softmax' || from === 'sigmoid' ? from : undefined;
      const output = fused ? getActivation(fused).forward(g, x!) : x!;
      const logits = fused && {
        activation: fused,
        value: x!,
        backward: (dLogits: Value) => ({ inputs: [dLogits] }),
      };
      const written = loss.forward(g, y, { output, logits });
      return {
        y: written.losses,
        gradients(dy) {
          const result = written.backward(g.op('Unsqueeze', [dy, g.ints(1)]));
          return { x: 'dLogits' in result ? result.dLogits : result.dOutput };
        },
      };
    },
  };
}

for (const [title, loss, target, from] of losses) {
  const options = { epsilon: from === 'any' ? 1e-3 : 5e-3 };
  test(`the gradient of ${title} is its finite difference`, (t) =>
    assertGradients(t, lossAsFunction(loss, { x: awayFromZero([3, 4]), target, from }), options));

  // Two samples of 3 × 1 positions each.
  const [, width = 1] = target.dims;
  const twice = float32([...target.data, ...target.data], [2, 3, 1, width]);
  const positions = loss.takesPositions ? loss : lossOfPositions(loss);
  test(`the gradient of ${title} at several positions is its finite difference`, (t) =>
    assertGradients(
      t,
      lossAsFunction(positions, { x: awayFromZero([2, 3, 1, 4]), target: twice, from }),
      options,
    ));
}

for (const [title, output, target] of [
  ['one target for several outputs', [3, 4], [3, 1]],
  ['several targets for one output', [3, 1], [3, 4]],
  ['targets for all positions', [2, 3, 1, 4], [2, 1, 5, 1]],
] as const)
  test(`the gradient of mean squared error of ${title} is its finite difference`, (t) => {
    const loss = output.length > 2 ? lossOfPositions(new MeanSquaredError()) : new MeanSquaredError();
    const given = { x: awayFromZero(output), target: awayFromZero(target), from: 'any' } as const;
    return assertGradients(t, lossAsFunction(broadcastLoss(loss, output.length), given));
  });

test("the gradient of L1 and L2 penalties is the penalties' finite difference", (t) =>
  assertGradients(t, {
    inputs: { w: awayFromZero([4, 3]) },
    write(g, { w }) {
      const regularizer = L1L2({ l1: 0.3, l2: 0.2 });
      return {
        y: g.op('Unsqueeze', [regularizer.penalty(g, w!), g.ints(0)]),
        gradients: (dy) => ({
          w: g.op('Mul', [regularizer.addGradient(g, w!, g.op('Sub', [w!, w!])), dy]),
        }),
      };
    },
  }));
