import type { GraphBuilder } from '../../graph/builder.js';
import type { Parameter } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface AdafactorOptions extends OptimizerOptions {
  /** The power of the step by which the averages forget. Default −0.8. */
  beta2Decay?: number;
  /** Added to squared gradients. Default 1e-30. */
  epsilon1?: number;
  /** The least root mean square that a weight is taken to have. Default 1e-3. */
  epsilon2?: number;
  /** Upper bound of the root mean square of a change. Default 1. */
  clipThreshold?: number;
  /** Whether the rate is at most 1 / √t. Default `true`. */
  relativeStep?: boolean;
}

/**
 * Steps relative to the weights' own size, by mean squares that are kept for rows and columns alone.
 *
 *     β        = 1 − t^decay
 *     r        ← β·r + (1 − β)·mean of (gradient² + ε₁) along the last axis; c along the last but one
 *     velocity = r / mean r · c, of vectors as in RMSprop
 *     change   = gradient / √velocity, divided by its root mean square where that is above the threshold
 *     weight   ← weight − max(ε₂, RMS of the weight)·min(learningRate, 1 / √t)·change
 *
 * Source: keras.optimizers.Adafactor; https://arxiv.org/abs/1804.04235
 */
export class Adafactor extends Optimizer {
  static override readonly className = 'Adafactor';
  static override readonly floats = [
    ...Optimizer.floats,
    ...['beta_2_decay', 'epsilon_1', 'epsilon_2', 'clip_threshold'],
  ];

  readonly beta2Decay: number;
  readonly epsilon1: number;
  readonly epsilon2: number;
  readonly clipThreshold: number;
  readonly relativeStep: boolean;

  constructor(options: AdafactorOptions = {}) {
    const {
      beta2Decay = -0.8,
      epsilon1 = 1e-30,
      epsilon2 = 1e-3,
      clipThreshold = 1,
      relativeStep = true,
      ...others
    } = named(options, new.target);
    super(others);
    this.beta2Decay = beta2Decay;
    this.epsilon1 = epsilon1;
    this.epsilon2 = epsilon2;
    this.clipThreshold = clipThreshold;
    this.relativeStep = relativeStep;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [['r', 'c', 'velocity']];
  }

  override slotShape(parameter: Parameter, slot: string): readonly number[] {
    const { shape } = parameter;
    // Keras keeps a 0 in the place of rows and columns that a vector does not have.
    if (shape.length < 2 && (slot === 'r' || slot === 'c')) return [];
    if (slot === 'r') return shape.slice(0, -1);
    if (slot === 'c') return [...shape.slice(0, -2), ...shape.slice(-1)];
    return super.slotShape(parameter, slot);
  }

  protected override rule(g: GraphBuilder, input: UpdateInput) {
    const { parameter, weight, gradient, slots, learningRate, step } = input;
    const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
    const one = g.scalar(1);
    const slowest = op('Reciprocal', op('Sqrt', step));
    const rootMeanSquare = (value: Value) =>
      op('Sqrt', g.op('ReduceMean', [op('Mul', value, value)], { keepdims: 0 }));
    const size = op('Max', g.scalar(this.epsilon2), rootMeanSquare(weight));
    const rate = op('Mul', size, op('Min', learningRate, slowest));
    const square = op('Add', op('Mul', gradient, gradient), g.scalar(this.epsilon1));
    const forgotten = op('Pow', step, g.scalar(this.beta2Decay));
    const towards = (mean: Value, term: Value) =>
      op('Add', op('Mul', op('Sub', one, forgotten), mean), op('Mul', forgotten, term));
    const mean = (value: Value, axis: number, keepdims = 0) =>
      g.op('ReduceMean', [value], { axes: [axis], keepdims });

    const next: Value[] = [];
    const [oldR = '', oldC = '', oldVelocity = ''] = slots;
    let velocity: Value;
    if (parameter.shape.length < 2) {
      velocity = towards(oldVelocity, square);
      next.push(oldR, oldC);
    } else {
      const r = towards(oldR, mean(square, -1));
      const c = towards(oldC, mean(square, -2));
      const rows = op('Unsqueeze', op('Div', r, mean(r, -1, 1)), g.ints(-1));
      velocity = op('Mul', rows, op('Unsqueeze', c, g.ints(-2)));
      next.push(r, c);
    }
    const change = op('Div', gradient, op('Sqrt', velocity));
    const excess = op('Div', rootMeanSquare(change), g.scalar(this.clipThreshold));
    const clipped = op('Div', change, op('Max', one, excess));
    return { weight: op('Sub', weight, op('Mul', rate, clipped)), slots: [...next, velocity] };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      beta_2_decay: this.beta2Decay,
      epsilon_1: this.epsilon1,
      epsilon_2: this.epsilon2,
      clip_threshold: this.clipThreshold,
      relative_step: this.relativeStep,
    };
  }
}
