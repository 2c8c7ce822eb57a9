import { ValueError } from '../../errors.js';
import type { Context, Forward, Gradients } from '../../graph/differentiable.js';
import { float, type Value } from '../../graph/graph.js';
import { elementWise, toChannelsFirst, toChannelsLast } from '../../graph/layout.js';
import { shortcutsOf } from '../../graph/shortcuts.js';
import { named } from '../../named-options.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import { axisInGraph } from './channels.js';
import type { InputSpec } from './input-spec.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis of the features, the last by default. */
  axis?: number;
  /** Share of the moving averages that a batch leaves. Default 0.99. */
  momentum?: number;
  /** Added to the variance. Default 0.001. */
  epsilon?: number;
  /** Whether `beta` is added. Default `true`. */
  center?: boolean;
  /** Whether `gamma` is multiplied. Default `true`. */
  scale?: boolean;
  /** Default `'zeros'`. */
  betaInitializer?: InitializerName | Initializer;
  /** Default `'ones'`. */
  gammaInitializer?: InitializerName | Initializer;
  /** Default `'zeros'`. */
  movingMeanInitializer?: InitializerName | Initializer;
  /** Default `'ones'`. */
  movingVarianceInitializer?: InitializerName | Initializer;
}

/**
 * Normalises each feature: `gamma · (x − mean) / √(variance + epsilon) + beta`.
 *
 * Mean and variance are the batch's own while the layer trains, and their moving averages when it predicts or is
 * frozen. Weights: gamma, beta, moving_mean, moving_variance, each (C).
 *
 * Source: keras.layers.BatchNormalization; https://arxiv.org/abs/1502.03167.
 */
export class BatchNormalization extends Layer {
  static override readonly className = 'BatchNormalization';
  static override readonly fields: Fields = {
    axis: 'axis',
    momentum: 'float',
    epsilon: 'float',
    center: 'flag',
    scale: 'flag',
    beta_initializer: 'initializer',
    gamma_initializer: 'initializer',
    moving_mean_initializer: 'initializer',
    moving_variance_initializer: 'initializer',
  };
  static override readonly newFields = ['synchronized', 'renorm', 'renorm_clipping', 'renorm_momentum'];
  static override readonly idleFields = ['synchronized', 'renorm_clipping', 'renorm_momentum'];

  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly #initializers: Record<'beta' | 'gamma' | 'moving_mean' | 'moving_variance', Initializer>;
  #rank!: number;
  #channels!: number;
  #gamma!: Variable;
  #beta!: Variable;
  #movingMean!: Variable;
  #movingVariance!: Variable;

  constructor(options: BatchNormalizationOptions = {}) {
    const {
      axis = -1,
      momentum = 0.99,
      epsilon = 1e-3,
      center = true,
      scale = true,
      betaInitializer = 'zeros',
      gammaInitializer = 'ones',
      movingMeanInitializer = 'zeros',
      movingVarianceInitializer = 'ones',
      ...others
    } = named(options, new.target);
    super(others);
    this.axis = axis;
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.center = center;
    this.scale = scale;
    this.#initializers = {
      gamma: getInitializer(gammaInitializer),
      beta: getInitializer(betaInitializer),
      moving_mean: getInitializer(movingMeanInitializer),
      moving_variance: getInitializer(movingVarianceInitializer),
    };
  }

  protected override get inputSpecs(): readonly InputSpec[] {
    return this.built ? [{ ndim: this.#rank, axes: { [this.axis]: this.#channels } }] : [];
  }

  override build([inputShape]: PerInput<Shape>): void {
    const channels = inputShape[this.#axisIn(inputShape)];
    if (channels == null)
      throw new ValueError(
        `Expected a known size of axis ${this.axis} for layer '${this.name}'. Received: ${pythonTuple(inputShape)}`,
      );
    const make = (name: 'gamma' | 'beta' | 'moving_mean' | 'moving_variance', trainable: boolean) =>
      new Variable(name, [channels], this.#initializers[name].make([channels]), trainable);
    this.#rank = inputShape.length;
    this.#channels = channels;
    this.#gamma = make('gamma', true);
    this.#beta = make('beta', true);
    this.#movingMean = make('moving_mean', false);
    this.#movingVariance = make('moving_variance', false);
    // Switched off, gamma is the constant 1 and beta the constant 0.
    if (this.scale) this.weights.push(this.#gamma);
    else this.#gamma.value.fill(1);
    if (this.center) this.weights.push(this.#beta);
    else this.#beta.value.fill(0);
    this.weights.push(this.#movingMean, this.#movingVariance);
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    this.#axisIn(inputShape);
    return inputShape;
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { g } = context;
    const rank = inputShape.length;
    const axis = this.#axisIn(inputShape);
    const graphAxis = axisInGraph(axis, rank);
    if (context.training && this.trainable) return this.#trainWhereItLies(context, x, rank, graphAxis);

    const gamma = this.#constantOrWeight(context, this.#gamma, this.scale);
    const beta = this.#constantOrWeight(context, this.#beta, this.center);
    const mean = context.weight(this.#movingMean);
    const variance = context.weight(this.#movingVariance);
    if (graphAxis === 1 && !context.training)
      return {
        output: g.op('BatchNormalization', [x, gamma, beta, mean, variance], {
          epsilon: float(this.epsilon),
        }),
      };
    // factor · x + (beta − factor · mean), by the convolution before, where there is one.
    const deviation = g.op('Sqrt', [g.op('Add', [variance, g.scalar(this.epsilon)])]);
    const factor = g.op('Div', [gamma, deviation]);
    const shift = g.op('Sub', [beta, g.op('Mul', [mean, factor])]);
    const affine = graphAxis === 1 && rank === 4 ? shortcutsOf(g)?.affine.get(x) : undefined;
    const scaled = (value: Value) => {
      const product = this.#onChannels(context, [value], rank, graphAxis, (values, wide) =>
        g.op('Mul', [...values, wide(factor)]),
      );
      if (graphAxis === 1 && rank === 4) shortcutsOf(g)?.scaled.set(product, { value, scale: factor });
      return product;
    };
    return {
      output: affine
        ? affine(factor, shift)
        : this.#onChannels(context, [x], rank, graphAxis, (values, wide) =>
            g.op('Add', [g.op('Mul', [...values, wide(factor)]), wide(shift)]),
          ),
      backward: (dy) => ({ inputs: [scaled(dy)] }),
    };
  }

  /** Writes an operation with values (C) along the axis, on images where they lie. */
  #onChannels(
    context: Context,
    values: readonly Value[],
    rank: number,
    axis: number,
    write: (values: readonly Value[], wide: (value: Value) => Value) => Value,
  ): Value {
    const { g } = context;
    if (rank !== 4) return write(values, (value) => this.#alongAxis(context, value, rank, axis));
    const known = shortcutsOf(g)?.channelsLast;
    const isLast = values.every((value) => known?.has(value));
    const at = isLast ? ([0, 3, 1, 2][axis] ?? axis) : axis;
    return elementWise(g, values, (where) =>
      write(where, (value) => this.#alongAxis(context, value, rank, at)),
    );
  }

  /** Images that lie channels last are normalised there. */
  #trainWhereItLies(context: Context, x: Value, rank: number, axis: number): Forward {
    const { g } = context;
    const last = rank === 4 ? shortcutsOf(g)?.channelsLast.get(x) : undefined;
    if (last === undefined) return this.#train(context, x, rank, axis);
    const { output, backward, updates } = this.#train(context, last, rank, [0, 3, 1, 2][axis] ?? axis);
    return {
      output: toChannelsFirst(g, output),
      backward: (dy, needsInput) => {
        const { inputs, weights } = backward(toChannelsLast(g, dy), needsInput);
        return { inputs: inputs.map((dx) => toChannelsFirst(g, dx)), weights };
      },
      updates,
    };
  }

  /** With the batch's own mean and variance, over all axes but `axis`; m is the number of elements of a feature. */
  #train(
    context: Context,
    x: Value,
    rank: number,
    axis: number,
  ): Forward & Required<Pick<Forward, 'backward'>> {
    const { g } = context;
    const axes = g.ints(...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis));
    const gamma = this.#constantOrWeight(context, this.#gamma, this.scale);
    const beta = this.#constantOrWeight(context, this.#beta, this.center);
    const wide = (value: Value) => this.#alongAxis(context, value, rank, axis);
    const flat = (value: Value) => g.op('Reshape', [value, g.ints(-1)]);

    const size = g.cast(g.op('Size', [x]), 'float32');
    const m = g.op('Div', [size, g.scalar(this.#channels)]);
    const sum = (value: Value) => g.op('ReduceSum', [value, axes], { keepdims: 1 });
    const meanOf = (value: Value) => g.op('Div', [sum(value), m]);

    // x̂ = (x − mean) / √(variance + ε), y = gamma · x̂ + beta
    const mean = meanOf(x);
    const centred = g.op('Sub', [x, mean]);
    const variance = meanOf(g.op('Mul', [centred, centred]));
    const deviation = g.op('Sqrt', [g.op('Add', [variance, g.scalar(this.epsilon)])]);
    const normalised = g.op('Div', [centred, deviation]);
    const output = g.op('Add', [g.op('Mul', [normalised, wide(gamma)]), wide(beta)]);

    const moved = (average: Variable, batch: Value) =>
      g.op('Add', [
        g.op('Mul', [context.weight(average), g.scalar(this.momentum)]),
        g.op('Mul', [flat(batch), g.scalar(1 - this.momentum)]),
      ]);
    const backward = (dy: Value, needsInput: boolean): Gradients => {
      const weights = new Map<Variable, Value>();
      const dGamma = sum(g.op('Mul', [dy, normalised]));
      const dBeta = sum(dy);
      if (this.scale && context.isTrained(this.#gamma)) weights.set(this.#gamma, flat(dGamma));
      if (this.center && context.isTrained(this.#beta)) weights.set(this.#beta, flat(dBeta));
      if (!needsInput) return { inputs: [], weights };
      // dx = gamma / √(variance + ε) · (dy − mean(dy) − x̂ · mean(dy · x̂))
      const along = g.op('Mul', [normalised, g.op('Div', [dGamma, m])]);
      const dCentred = g.op('Sub', [g.op('Sub', [dy, g.op('Div', [dBeta, m])]), along]);
      return { inputs: [g.op('Mul', [dCentred, g.op('Div', [wide(gamma), deviation])])], weights };
    };
    return {
      output,
      backward,
      updates: new Map([
        [this.#movingMean, moved(this.#movingMean, mean)],
        [this.#movingVariance, moved(this.#movingVariance, variance)],
      ]),
    };
  }

  #constantOrWeight(context: Context, variable: Variable, isWeight: boolean): Value {
    if (isWeight) return context.weight(variable);
    return context.g.initializer(variable.name, {
      type: 'float32',
      dims: variable.shape,
      data: variable.value,
    });
  }

  /** (C) → (1, …, C, …, 1), to broadcast over the other axes. */
  #alongAxis({ g }: Context, value: Value, rank: number, axis: number): Value {
    return g.op('Reshape', [value, g.ints(...Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1)))]);
  }

  #axisIn(inputShape: Shape): number {
    const { length } = inputShape;
    if (this.axis >= length || this.axis < -length)
      throw new ValueError(
        `Axis ${this.axis} is out of bounds for input shape ${pythonTuple(inputShape)}. Received: axis=${this.axis}`,
      );
    return (this.axis + length) % length;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      beta_initializer: this.#initializers.beta.serialize(),
      gamma_initializer: this.#initializers.gamma.serialize(),
      moving_mean_initializer: this.#initializers.moving_mean.serialize(),
      moving_variance_initializer: this.#initializers.moving_variance.serialize(),
      beta_regularizer: null,
      gamma_regularizer: null,
      beta_constraint: null,
      gamma_constraint: null,
      synchronized: false,
      renorm: false,
      renorm_clipping: null,
      renorm_momentum: 0.99,
    };
  }
}
