/** Models that hold, together, everything that a `.h5` file can name. */
import * as initializers from '../../src/keras/initializers.js';
import * as layers from '../../src/keras/layers/index.js';
import type { KerasTensor } from '../../src/keras/layers/layer.js';
import * as losses from '../../src/keras/losses/index.js';
import * as metrics from '../../src/keras/metrics/index.js';
import type { CompileOptions } from '../../src/keras/models/compilation.js';
import { Model } from '../../src/keras/models/model.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import * as optimizers from '../../src/keras/optimizers/index.js';
import { L1, L1L2, L2 } from '../../src/keras/regularizers.js';

const { Dense, Input } = layers;

/** Every layer, with options that are not the default. */
function everyLayer(): KerasTensor[] {
  const pixels = Input({ shape: [12, 12, 3], name: 'pixels' });
  let x = new layers.Rescaling({ scale: 2, offset: -0.5 }).apply(pixels);
  x = new layers.ZeroPadding2D({
    padding: [
      [1, 0],
      [2, 1],
    ],
  }).apply(x);
  x = new layers.Conv2D({ filters: 6, kernelSize: 3, groups: 3, padding: 'same', trainable: false }).apply(x);
  x = new layers.ReLU({ maxValue: 1.5, negativeSlope: 0.1, threshold: 0.1 }).apply(x);
  x = new layers.DepthwiseConv2D({ kernelSize: [2, 3], depthMultiplier: 2, trainable: false }).apply(x);
  x = new layers.LeakyReLU({ negativeSlope: 0.2 }).apply(x);
  x = new layers.SeparableConv2D({ filters: 5, kernelSize: 2, useBias: false, trainable: false }).apply(x);
  x = new layers.BatchNormalization({ scale: false, epsilon: 0.01, trainable: false }).apply(x);
  x = new layers.ELU({ alpha: 0.5 }).apply(x);
  x = new layers.MaxPooling2D({ poolSize: [2, 1], strides: 1 }).apply(x);
  x = new layers.AveragePooling2D({ poolSize: 2, padding: 'same' }).apply(x);
  const largest = new layers.Flatten().apply(new layers.GlobalMaxPooling2D({ keepdims: true }).apply(x));
  const mean = new layers.GlobalAveragePooling2D().apply(x);
  let y = new layers.Concatenate().apply([largest, mean]);
  y = new layers.BatchNormalization({ momentum: 0.9, center: false }).apply(y);
  y = new layers.Activation({ activation: 'gelu' }).apply(y);
  const shaped = new layers.Flatten().apply(new layers.Reshape({ targetShape: [5, 2] }).apply(y));
  y = new layers.Add().apply([y, shaped]);
  y = new layers.Dropout({ rate: 0.3, seed: 3 }).apply(y);
  return [pixels, new layers.Softmax().apply(new Dense({ units: 3 }).apply(y))];
}

const activations = ['linear', 'relu', 'leaky_relu', 'elu', 'gelu', 'sigmoid', 'tanh', 'softmax'] as const;
const everyInitializer = [
  initializers.Constant({ value: 0.25 }),
  initializers.RandomUniform({ minval: -0.1, maxval: 0.2 }),
  initializers.RandomNormal({ stddev: 0.1 }),
  initializers.TruncatedNormal({ mean: 0.1 }),
  initializers.VarianceScaling({ scale: 2, mode: 'fan_out', distribution: 'untruncated_normal' }),
  initializers.GlorotNormal(),
  initializers.HeUniform(),
  initializers.LecunNormal({ seed: 4 }),
];
const everyRegularizer = [L1({ l1: 0.01 }), L2({ l2: 0.02 }), L1L2({ l1: 0.01, l2: 0.02 })];

/** Activations, initializers and regularizers, one a layer, and in the end an output for each class. */
const everyDense = (units: number, activation: 'softmax' | 'sigmoid' | 'linear'): Model =>
  new Sequential([
    Input({ shape: [5] }),
    ...activations.map(
      (name, i) =>
        new Dense({
          units: 4,
          activation: name,
          kernelInitializer: everyInitializer[i],
          biasInitializer: i % 2 ? 'ones' : 'zeros',
          kernelRegularizer: everyRegularizer[i % 3],
          biasRegularizer: everyRegularizer[(i + 1) % 3],
        }),
    ),
    new Dense({ units, activation }),
  ]);

/** Models used several times within another, whose output is one of these uses. */
function modelsWithin(): Model {
  const inner = Input({ shape: [5] });
  const base = new Model({
    inputs: inner,
    outputs: new Dense({ units: 5, activation: 'tanh' }).apply(inner),
  });
  const sequence = new Sequential([Input({ shape: [5] }), new Dense({ units: 5, activation: 'relu' })]);
  const x = Input({ shape: [5] });
  const once = sequence.apply(base.apply(x));
  return new Model({ inputs: x, outputs: base.apply(sequence.apply(base.apply(once))) });
}

const { SGD, Adam, AdamW, RMSprop } = optimizers;

interface Exhibit {
  readonly name: string;
  readonly model: Model;
  readonly compile: CompileOptions;
  readonly classes: number;
  /** Whether targets are class indices. */
  readonly sparse?: boolean;
}

export function exhibits(): Exhibit[] {
  const [inputs, outputs] = everyLayer();
  return [
    {
      name: 'layers',
      model: new Model({ inputs: inputs!, outputs: outputs! }),
      compile: {
        optimizer: new SGD({
          learningRate: new optimizers.CosineDecay({ initialLearningRate: 0.1, decaySteps: 50 }),
          clipnorm: 1,
        }),
        loss: new losses.SparseCategoricalCrossentropy(),
        metrics: [
          'accuracy',
          'sparse_top_k_categorical_accuracy',
          new metrics.SparseCategoricalCrossentropy(),
        ],
      },
      classes: 3,
      sparse: true,
    },
    {
      name: 'binary',
      model: everyDense(2, 'sigmoid'),
      compile: {
        optimizer: new RMSprop({
          learningRate: new optimizers.ExponentialDecay({
            initialLearningRate: 0.01,
            decaySteps: 5,
            decayRate: 0.9,
          }),
          centered: true,
          clipvalue: 0.5,
        }),
        loss: new losses.BinaryCrossentropy({ labelSmoothing: 0.1 }),
        metrics: [
          'binary_accuracy',
          'mse',
          new metrics.AUC({ curve: 'PR', numThresholds: 20 }),
          new metrics.Precision({ thresholds: 0.4 }),
          new metrics.Recall(),
          new metrics.BinaryCrossentropy(),
        ],
      },
      classes: 2,
    },
    {
      name: 'logits',
      model: everyDense(3, 'linear'),
      compile: {
        optimizer: new Adam({
          learningRate: new optimizers.PiecewiseConstantDecay({
            boundaries: [2, 4],
            values: [0.1, 0.01, 0.001],
          }),
          amsgrad: true,
          globalClipnorm: 1,
        }),
        loss: new losses.CategoricalCrossentropy({ fromLogits: true }),
        metrics: ['acc', new metrics.TopKCategoricalAccuracy({ k: 2 }), 'mean_squared_error'],
      },
      classes: 3,
    },
    {
      name: 'models',
      model: modelsWithin(),
      compile: { optimizer: new RMSprop({ momentum: 0.5, weightDecay: 0.01 }), loss: 'MSE' },
      classes: 5,
    },
    {
      name: 'squares',
      model: everyDense(3, 'softmax'),
      compile: {
        optimizer: new AdamW({
          learningRate: new optimizers.CosineDecayRestarts({ initialLearningRate: 0.01, firstDecaySteps: 3 }),
        }),
        loss: 'mse',
        metrics: ['categorical_accuracy', 'categorical_crossentropy'],
      },
      classes: 3,
    },
  ];
}
