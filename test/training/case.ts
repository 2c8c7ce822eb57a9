import { float32, type Tensor } from '../../src/graph/tensor.js';
import type { MetricResult } from '../../src/keras/callbacks/callback.js';
import { Activation } from '../../src/keras/layers/activation.js';
import { Add } from '../../src/keras/layers/add.js';
import { Average } from '../../src/keras/layers/average.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Concatenate } from '../../src/keras/layers/concatenate.js';
import { Conv2D } from '../../src/keras/layers/conv2d.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { DepthwiseConv2D } from '../../src/keras/layers/depthwise-conv2d.js';
import { Dropout } from '../../src/keras/layers/dropout.js';
import { ELU } from '../../src/keras/layers/elu.js';
import { Maximum, Minimum } from '../../src/keras/layers/extremes.js';
import { Flatten } from '../../src/keras/layers/flatten.js';
import { GaussianNoise } from '../../src/keras/layers/gaussian-noise.js';
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from '../../src/keras/layers/global-pooling2d.js';
import { GroupNormalization } from '../../src/keras/layers/group-normalization.js';
import { Input } from '../../src/keras/layers/input.js';
import type { KerasTensor, Layer } from '../../src/keras/layers/layer.js';
import { LeakyReLU } from '../../src/keras/layers/leaky-relu.js';
import { Permute } from '../../src/keras/layers/permute.js';
import { AveragePooling2D, MaxPooling2D } from '../../src/keras/layers/pooling2d.js';
import { PReLU } from '../../src/keras/layers/prelu.js';
import { ReLU } from '../../src/keras/layers/relu.js';
import { Rescaling } from '../../src/keras/layers/rescaling.js';
import { Reshape } from '../../src/keras/layers/reshape.js';
import { SeparableConv2D } from '../../src/keras/layers/separable-conv2d.js';
import { Softmax } from '../../src/keras/layers/softmax.js';
import { SpatialDropout2D } from '../../src/keras/layers/spatial-dropout2d.js';
import { Subtract } from '../../src/keras/layers/subtract.js';
import { UnitNormalization } from '../../src/keras/layers/unit-normalization.js';
import { UpSampling2D } from '../../src/keras/layers/up-sampling2d.js';
import { ZeroPadding2D } from '../../src/keras/layers/zero-padding2d.js';
import * as losses from '../../src/keras/losses/index.js';
import * as metrics from '../../src/keras/metrics/index.js';
import type { EngineChoice } from '../../src/keras/models/compilation.js';
import { Model } from '../../src/keras/models/model.js';
import { clearSession } from '../../src/keras/naming.js';
import * as optimizers from '../../src/keras/optimizers/index.js';
import * as regularizers from '../../src/keras/regularizers.js';

/** A class by its name, with options under Python's keys; options may be classes themselves. */
export type Spec = readonly [className: string, options: Readonly<Record<string, unknown>>];

/** A layer; the third entry are branches whose ends it joins. */
export type LayerSpec =
  | Spec
  | readonly [string, Readonly<Record<string, unknown>>, readonly (readonly LayerSpec[])[]];

/** A training that test/parity/training.py runs with Keras. */
export interface Case {
  readonly name: string;
  readonly seed: number;
  readonly input: readonly number[];
  readonly layers: readonly LayerSpec[];
  readonly optimizer: Spec;
  readonly loss: Spec | losses.LossName;
  readonly metrics?: readonly (Spec | metrics.MetricName)[];
  readonly weighted_metrics?: readonly (Spec | metrics.MetricName)[];
  readonly targets: 'one_hot' | 'indices' | 'bits' | 'reals' | 'column';
  readonly samples: number;
  readonly batch: number;
  readonly steps?: number;
  readonly epochs?: number;
  readonly sample_weight?: boolean;
  readonly class_weight?: Readonly<Record<string, number>>;
  readonly validation_split?: number;
  /** Keras takes few steps sooner without making graphs of them. */
  readonly eager?: boolean;
}

/** Float32 as Base64, with the shape. */
export interface Packed {
  readonly dims: readonly number[];
  readonly data: string;
}

export interface Answer {
  readonly x: Packed;
  readonly y: Packed;
  readonly initial: readonly Packed[];
  readonly sample_weight?: Packed;
  readonly losses?: readonly number[];
  readonly history?: Readonly<Record<string, readonly number[]>>;
  readonly final: readonly Packed[];
  /** Name and value of each, in Keras's order. */
  readonly slots: readonly (readonly [name: string, value: Packed])[];
  readonly configs: {
    readonly optimizer: unknown;
    readonly loss: unknown;
    readonly metrics: readonly unknown[];
    readonly layers: readonly unknown[];
  };
}

/** Metrics of given outputs. */
export interface Measured {
  readonly seed: number;
  readonly samples: number;
  readonly classes: number;
  readonly target_form: 'one_hot' | 'bits' | 'indices' | 'classes';
  readonly metrics: readonly Spec[];
}

export interface MeasuredAnswer {
  readonly outputs: Packed;
  readonly targets: Packed;
  /** A number each, or one for each threshold or class. */
  readonly results: readonly MetricResult[];
}

export function unpack({ dims, data }: Packed): Tensor<'float32'> {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return float32(new Float32Array(bytes.buffer), dims);
}

const layers = {
  Average,
  GaussianNoise,
  GroupNormalization,
  Permute,
  PReLU,
  SpatialDropout2D,
  Subtract,
  UpSampling2D,
  Maximum,
  Minimum,
  Activation,
  Add,
  AveragePooling2D,
  BatchNormalization,
  Concatenate,
  Conv2D,
  Dense,
  DepthwiseConv2D,
  Dropout,
  ELU,
  Flatten,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  LeakyReLU,
  MaxPooling2D,
  ReLU,
  Rescaling,
  Reshape,
  SeparableConv2D,
  Softmax,
  UnitNormalization,
  ZeroPadding2D,
};

const isSpec = (value: unknown): value is Spec =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'object';

/** `weight_decay` → `weightDecay`, `beta_1` → `beta1`. */
const toCamelCase = (key: string) => key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export function make<T>(module: object, [className, options]: Spec): T {
  const made = Object.entries(options).map(([key, value]) => [
    toCamelCase(key),
    isSpec(value) ? make(key === 'learning_rate' ? optimizers : regularizers, value) : value,
  ]);
  const Type = (module as Record<string, new (options: object) => T>)[className];
  if (!Type) throw new Error(`Unknown class ${className}.`);
  // Regularizers are plain functions.
  const { prototype } = Type;
  return prototype
    ? new Type(Object.fromEntries(made))
    : (Type as unknown as (options: object) => T)(Object.fromEntries(made));
}

export function buildModel({ input, layers: specs }: Case): Model {
  clearSession();
  const inputs = Input({ shape: input });
  const through = (start: KerasTensor, list: readonly LayerSpec[]): KerasTensor => {
    let x = start;
    for (const [className, options, branches] of list) {
      const layer = make<Layer>(layers, [className, options]);
      x = layer.apply(branches ? branches.map((branch) => through(x, branch)) : x);
    }
    return x;
  };
  return new Model({ inputs, outputs: through(inputs, specs) });
}

const makeAll = (specs: Case['metrics'] = []) =>
  specs.map((metric) => (typeof metric === 'string' ? metric : make<metrics.Metric>(metrics, metric)));

/** The case's model, compiled, with the weights that Keras began with. */
export function compileCase(given: Case, { initial }: Pick<Answer, 'initial'>, engine: EngineChoice = 'ort') {
  const model = buildModel(given);
  model.setWeights(initial.map((weight) => unpack(weight).data));
  model.compile({
    optimizer: make<optimizers.Optimizer>(optimizers, given.optimizer),
    loss: typeof given.loss === 'string' ? given.loss : make<losses.Loss>(losses, given.loss),
    metrics: makeAll(given.metrics),
    weightedMetrics: makeAll(given.weighted_metrics),
    engine,
  });
  return model;
}

/** The metrics, computed by a model that passes its inputs on. */
export async function measure(
  { metrics: specs }: Pick<Measured, 'metrics'>,
  answer: Pick<MeasuredAnswer, 'outputs' | 'targets'>,
  engine: EngineChoice = 'ort',
): Promise<MetricResult[]> {
  const [outputs, targets] = [unpack(answer.outputs), unpack(answer.targets)];
  const x = Input({ shape: outputs.dims.slice(1) });
  const model = new Model({ inputs: x, outputs: new Activation({ activation: 'linear' }).apply(x) });
  const watched = specs.map(([name, options], i) =>
    make<metrics.Metric>(metrics, [name, { ...options, name: `m${i}` }]),
  );
  // Targets of class indices are those of that loss.
  const isSparse = targets.dims[1] === 1 && outputs.dims[1] !== 1;
  model.compile({ loss: isSparse ? 'sparse_categorical_crossentropy' : 'mse', metrics: watched, engine });
  const logs = await model.evaluate<MetricResult>(outputs, targets, { verbose: 0 });
  await model.release();
  return watched.map(({ name }) => logs[name]!);
}

const rowsOf = ({ data, dims }: Tensor<'float32'>, from: number, count: number) => {
  const size = data.length / dims[0]!;
  return float32(data.slice(from * size, (from + count) * size), [count, ...dims.slice(1)]);
};

/** Trains step by step on the batches that Keras was given. @returns the loss of each step */
export async function trainSteps(model: Model, { batch, steps, class_weight }: Case, answer: Answer) {
  const [x, y] = [unpack(answer.x), unpack(answer.y)];
  const weight = answer.sample_weight && unpack(answer.sample_weight);
  const period = Math.floor(x.dims[0]! / batch) * batch;
  const losses: number[] = [];
  for (let step = 0; step < steps!; step++) {
    const start = (step * batch) % period;
    const logs = await model.trainOnBatch(rowsOf(x, start, batch), rowsOf(y, start, batch), {
      sampleWeight: weight && rowsOf(weight, start, batch),
      classWeight: class_weight,
    });
    losses.push(logs.loss!);
  }
  return losses;
}
