import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface NadamOptions extends OptimizerOptions {
  /** Decay of the average gradient. Default 0.9. */
  beta1?: number;
  /** Decay of the average squared gradient. Default 0.999. */
  beta2?: number;
  /** Added to the root. Default 1e-7. */
  epsilon?: number;
}

/** Factors of the product that differ from β₁: 0.5·0.96⁵⁰⁰ is less than half of what single precision tells from 1. */
const factors = 500;

/**
 * Adam with Nesterov's momentum, which warms up.
 *
 *     u(t)     = β₁·(1 − ½·0.96ᵗ), and P = u(1)·u(2)·…·u(t)
 *     momentum ← momentum + (1 − β₁)·(gradient − momentum)
 *     velocity ← velocity + (1 − β₂)·(gradient² − velocity)
 *     m        = u(t + 1)·momentum / (1 − P·u(t + 1)) + (1 − u(t))·gradient / (1 − P)
 *     weight   ← weight − learningRate·m / (√(velocity / (1 − β₂ᵗ)) + ε)
 *
 * Source: keras.optimizers.Nadam; http://cs229.stanford.edu/proj2015/054_report.pdf
 */
export class Nadam extends Optimizer {
  static override readonly className = 'Nadam';
  static override readonly floats = [...Optimizer.floats, 'beta_1', 'beta_2', 'epsilon'];

  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;

  constructor(options: NadamOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, ...others } = named(options, new.target);
    super(others);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [['momentum', 'velocity']];
  }

  /** The product P, which Keras keeps. */
  override get extraValues() {
    let product = 1;
    for (let t = 1; t <= this.iterations && product > 0; t++)
      product = Math.fround(product * this.beta1 * (1 - 0.5 * 0.96 ** t));
    return [{ name: 'u_product', value: product }];
  }

  protected override rule(g: GraphBuilder, input: UpdateInput) {
    const { weight, gradient, slots, learningRate, step } = input;
    const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
    const one = g.scalar(1);
    const towards = (mean: Value, term: Value, beta: number) =>
      op('Add', mean, op('Mul', op('Sub', term, mean), g.scalar(1 - beta)));
    /** 1 − ½·0.96ᵗ */
    const warm = (t: Value) => op('Sub', one, op('Mul', g.scalar(0.5), op('Pow', g.scalar(0.96), t)));
    const next = op('Add', step, one);
    const u = op('Mul', g.scalar(this.beta1), warm(step));
    const uNext = op('Mul', g.scalar(this.beta1), warm(next));
    const last = op('Min', next, g.scalar(factors));
    const warmth = g.op('ReduceProd', [warm(op('Range', one, last, one))], { axes: [0], keepdims: 0 });
    const product = op('Mul', op('Pow', g.scalar(this.beta1), step), warmth);

    const momentum = towards(this.slotValue(slots, 'momentum'), gradient, this.beta1);
    const velocity = towards(this.slotValue(slots, 'velocity'), op('Mul', gradient, gradient), this.beta2);
    const ahead = op('Div', op('Mul', uNext, momentum), op('Sub', one, op('Mul', product, uNext)));
    const now = op('Div', op('Mul', op('Sub', one, u), gradient), op('Sub', one, product));
    const share = op('Sub', one, op('Pow', g.scalar(this.beta2), step));
    const root = op('Add', op('Sqrt', op('Div', velocity, share)), g.scalar(this.epsilon));
    const change = op('Div', op('Mul', op('Add', ahead, now), learningRate), root);
    return { weight: op('Sub', weight, change), slots: [momentum, velocity] };
  }

  override getConfig(): Config {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon };
  }
}
