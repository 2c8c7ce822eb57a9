import { ValueError } from '../../errors.js';
import type { Context, Forward, Gradients } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface GroupNormalizationOptions extends LayerOptions {
  /** Groups that the channels are divided into; −1 is one for each channel. Default 32. */
  groups?: number;
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
 * Normalises each group of channels of a sample by itself: `gamma · (x − mean) / √(variance + epsilon) + beta`.
 *
 * Channels lie along the last axis. Weights: gamma and beta, one for each channel.
 *
 * Source: keras.layers.GroupNormalization; https://arxiv.org/abs/1803.08494.
 */
export class GroupNormalization extends Layer {
  static override readonly className = 'GroupNormalization';
  static override readonly fields: Fields = {
    groups: 'number',
    epsilon: 'float',
    center: 'flag',
    scale: 'flag',
    beta_initializer: 'initializer',
    gamma_initializer: 'initializer',
  };
  static override readonly idleFields = ['beta_regularizer', 'gamma_regularizer'];

  /** As many as channels where it was −1, once the layer is built, as in Keras. */
  groups: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly betaInitializer: Initializer;
  readonly gammaInitializer: Initializer;
  #gamma?: Variable;
  #beta?: Variable;

  constructor(options: GroupNormalizationOptions = {}) {
    const {
      groups = 32,
      epsilon = 1e-3,
      center = true,
      scale = true,
      betaInitializer = 'zeros',
      gammaInitializer = 'ones',
      ...others
    } = named(options, new.target);
    super(others);
    this.groups = groups;
    this.epsilon = epsilon;
    this.center = center;
    this.scale = scale;
    this.betaInitializer = getInitializer(betaInitializer);
    this.gammaInitializer = getInitializer(gammaInitializer);
  }

  override build([inputShape]: PerInput<Shape>): void {
    const channels = this.#channels(inputShape);
    if (this.groups === -1) this.groups = channels;
    const make = (name: string, initializer: Initializer) => {
      const weight = new Variable(name, [channels], initializer.make([channels]));
      this.weights.push(weight);
      return weight;
    };
    if (this.scale) this.#gamma = make('gamma', this.gammaInitializer);
    if (this.center) this.#beta = make('beta', this.betaInitializer);
  }

  /** @throws ValueError when they cannot be divided into the groups: Keras's words */
  #channels(inputShape: Shape): number {
    const channels = inputShape.at(-1) ?? null;
    if (channels === null)
      throw new ValueError(
        `Axis -1 of input tensor should have a defined dimension but the layer received an input with shape ${pythonTuple(inputShape)}.`,
      );
    const { groups } = this;
    if (groups !== -1 && channels < groups)
      throw new ValueError(
        `Number of groups (${groups}) cannot be more than the number of channels (${channels}).`,
      );
    if (groups !== -1 && channels % groups !== 0)
      throw new ValueError(
        `Number of groups (${groups}) must be a multiple of the number of channels (${channels}).`,
      );
    return channels;
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { g } = context;
    const rank = inputShape.length;
    const channels = this.#channels(inputShape);
    const { groups } = this;
    // Channels first, as images flow in graphs, a group's values lie one after the other.
    const others = Array.from({ length: rank - 2 }, (_, i) => i);
    const first = (value: Value) =>
      rank === 3 ? g.op('Transpose', [value], { perm: [0, 2, 1] }) : rank > 4 ? toFirst(value) : value;
    const last = (value: Value) =>
      rank === 3 ? g.op('Transpose', [value], { perm: [0, 2, 1] }) : rank > 4 ? toLast(value) : value;
    const toFirst = (value: Value) =>
      g.op('Transpose', [value], { perm: [0, rank - 1, ...others.map((i) => i + 1)] });
    const toLast = (value: Value) =>
      g.op('Transpose', [value], { perm: [0, ...others.map((i) => i + 2), 1] });

    const input = first(x);
    const shape = g.op('Shape', [input]);
    const grouped = (value: Value) => g.op('Reshape', [value, g.ints(0, groups, -1)]);
    const whole = (value: Value) => g.op('Reshape', [value, shape]);
    const wide = (weight: Variable) =>
      g.op('Reshape', [context.weight(weight), g.ints(1, channels, ...others.map(() => 1))]);
    const mean = (value: Value) => g.op('ReduceMean', [value], { axes: [-1], keepdims: 1 });

    const rows = grouped(input);
    const centred = g.op('Sub', [rows, mean(rows)]);
    const variance = mean(g.op('Mul', [centred, centred]));
    const deviation = g.op('Sqrt', [g.op('Add', [variance, g.scalar(this.epsilon)])]);
    const normalised = g.op('Div', [centred, deviation]);
    const gamma = this.#gamma && wide(this.#gamma);
    const scaled = gamma ? g.op('Mul', [whole(normalised), gamma]) : whole(normalised);
    const shifted = this.#beta ? g.op('Add', [scaled, wide(this.#beta)]) : scaled;

    const sum = (value: Value) =>
      g.op('ReduceSum', [value, g.ints(0, ...others.map((i) => i + 2))], { keepdims: 0 });
    return {
      output: last(shifted),
      backward: (dOutput, needsInput): Gradients => {
        const dy = first(dOutput);
        const weights = new Map<Variable, Value>();
        if (this.#gamma && context.isTrained(this.#gamma))
          weights.set(this.#gamma, sum(g.op('Mul', [dy, whole(normalised)])));
        if (this.#beta && context.isTrained(this.#beta)) weights.set(this.#beta, sum(dy));
        if (!needsInput) return { inputs: [], weights };
        // dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(variance + ε), dx̂ = gamma · dy
        const dNormalised = grouped(gamma ? g.op('Mul', [dy, gamma]) : dy);
        const along = g.op('Mul', [normalised, mean(g.op('Mul', [dNormalised, normalised]))]);
        const dCentred = g.op('Sub', [g.op('Sub', [dNormalised, mean(dNormalised)]), along]);
        return { inputs: [last(whole(g.op('Div', [dCentred, deviation])))], weights };
      },
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      groups: this.groups,
      axis: -1,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      beta_initializer: this.betaInitializer.serialize(),
      gamma_initializer: this.gammaInitializer.serialize(),
      beta_regularizer: null,
      gamma_regularizer: null,
      beta_constraint: null,
      gamma_constraint: null,
    };
  }
}
