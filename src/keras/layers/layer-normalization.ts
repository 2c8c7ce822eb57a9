import { ValueError } from '../../errors.js';
import type { Context, Forward, Gradients } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { sizeOf } from '../../graph/tensor.js';
import { named } from '../../named-options.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import { toChannelsFirst, toChannelsLast } from './channels.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface LayerNormalizationOptions extends LayerOptions {
  /** The axis of the features, or several of them. Default −1, the last. */
  axis?: number | readonly number[];
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
}

/**
 * Normalises each sample by itself, along its axes of features: `gamma · (x − mean) / √(variance + epsilon) + beta`.
 *
 * Weights: gamma and beta, as long as the axes.
 *
 * Source: keras.layers.LayerNormalization; https://arxiv.org/abs/1607.06450.
 */
export class LayerNormalization extends Layer {
  static override readonly className = 'LayerNormalization';
  static override readonly fields: Fields = {
    axis: 'number',
    epsilon: 'float',
    center: 'flag',
    scale: 'flag',
    beta_initializer: 'initializer',
    gamma_initializer: 'initializer',
  };
  static override readonly newFields = ['rms_scaling'];
  static override readonly idleFields = ['beta_regularizer', 'gamma_regularizer'];

  readonly axis: number | readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly betaInitializer: Initializer;
  readonly gammaInitializer: Initializer;
  /** The size of each axis of features, by the axis. */
  readonly #sizes = new Map<number, number>();
  #gamma?: Variable;
  #beta?: Variable;

  constructor(options: LayerNormalizationOptions = {}) {
    const {
      axis = -1,
      epsilon = 1e-3,
      center = true,
      scale = true,
      betaInitializer = 'zeros',
      gammaInitializer = 'ones',
      ...others
    } = named(options, new.target);
    super(others);
    this.axis = axis;
    this.epsilon = epsilon;
    this.center = center;
    this.scale = scale;
    this.betaInitializer = getInitializer(betaInitializer);
    this.gammaInitializer = getInitializer(gammaInitializer);
  }

  override build([inputShape]: PerInput<Shape>): void {
    for (const axis of this.#axesIn(inputShape)) this.#sizes.set(axis, inputShape[axis] ?? 1);
    // Keras sorts axes as they were given, so that negative ones come first.
    const sizes = this.#sortedAxes().map((axis) => inputShape.at(axis) ?? null);
    if (sizes.includes(null))
      throw new ValueError(
        `Expected known sizes of axis ${this.axis} for layer '${this.name}'. Received: ${pythonTuple(inputShape)}`,
      );
    const make = (name: string, initializer: Initializer) => {
      const weight = new Variable(name, sizes as number[], initializer.make(sizes as number[]));
      this.weights.push(weight);
      return weight;
    };
    if (this.scale) this.#gamma = make('gamma', this.gammaInitializer);
    if (this.center) this.#beta = make('beta', this.betaInitializer);
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    this.#axesIn(inputShape);
    return inputShape;
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { g } = context;
    const rank = inputShape.length;
    const axes = this.#axesIn(inputShape);
    const all = Array.from({ length: rank }, (_, axis) => axis);
    /** A weight as long as the axes, to broadcast over the others. */
    const wide = (weight: Variable) =>
      g.op('Reshape', [context.weight(weight), g.ints(...all.map((axis) => this.#sizes.get(axis) ?? 1))]);
    const share = g.scalar(1 / sizeOf([...this.#sizes.values()]));
    // ReduceMean is written otherwise in each of the operator sets that these graphs go into.
    const mean = (value: Value) =>
      g.op('Mul', [g.op('ReduceSum', [value, g.ints(...axes)], { keepdims: 1 }), share]);

    const last = toChannelsLast(g, x, rank);
    const centred = g.op('Sub', [last, mean(last)]);
    const variance = mean(g.op('Mul', [centred, centred]));
    const deviation = g.op('Sqrt', [g.op('Add', [variance, g.scalar(this.epsilon)])]);
    const normalised = g.op('Div', [centred, deviation]);
    const gamma = this.#gamma && wide(this.#gamma);
    const scaled = gamma ? g.op('Mul', [normalised, gamma]) : normalised;
    const shifted = this.#beta ? g.op('Add', [scaled, wide(this.#beta)]) : scaled;

    const others = all.filter((axis) => !axes.includes(axis));
    const sum = (value: Value) => g.op('ReduceSum', [value, g.ints(...others)], { keepdims: 0 });
    return {
      output: toChannelsFirst(g, shifted, rank),
      backward: (dOutput, needsInput): Gradients => {
        const dy = toChannelsLast(g, dOutput, rank);
        const weights = new Map<Variable, Value>();
        if (this.#gamma && context.isTrained(this.#gamma))
          weights.set(this.#gamma, sum(g.op('Mul', [dy, normalised])));
        if (this.#beta && context.isTrained(this.#beta)) weights.set(this.#beta, sum(dy));
        if (!needsInput) return { inputs: [], weights };
        // dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(variance + ε), dx̂ = gamma · dy
        const dNormalised = gamma ? g.op('Mul', [dy, gamma]) : dy;
        const along = g.op('Mul', [normalised, mean(g.op('Mul', [dNormalised, normalised]))]);
        const dCentred = g.op('Sub', [g.op('Sub', [dNormalised, mean(dNormalised)]), along]);
        return { inputs: [toChannelsFirst(g, g.op('Div', [dCentred, deviation]), rank)], weights };
      },
    };
  }

  #sortedAxes(): number[] {
    return [this.axis].flat().sort((a, b) => a - b);
  }

  #axesIn(inputShape: Shape): number[] {
    const { length } = inputShape;
    return [this.axis]
      .flat()
      .map((axis) => {
        if (axis >= length || axis < -length)
          throw new ValueError(
            `Axis ${axis} is out of bounds for input shape ${pythonTuple(inputShape)}. Received: axis=${this.axis}`,
          );
        return (axis + length) % length;
      })
      .sort((a, b) => a - b);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      // Keras makes a list of it when it builds.
      axis: this.built ? this.#sortedAxes() : this.axis,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      rms_scaling: false,
      beta_initializer: this.betaInitializer.serialize(),
      gamma_initializer: this.gammaInitializer.serialize(),
      beta_regularizer: null,
      gamma_regularizer: null,
      beta_constraint: null,
      gamma_constraint: null,
    };
  }
}
