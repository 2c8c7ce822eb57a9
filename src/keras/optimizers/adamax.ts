import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface AdamaxOptions extends OptimizerOptions {
  /** Decay of the average gradient. Default 0.9. */
  beta1?: number;
  /** Decay of the largest gradient. Default 0.999. */
  beta2?: number;
  /** Added to the largest gradient. Default 1e-7. */
  epsilon?: number;
}

/**
 * Adam with the largest gradient, which decays, instead of the mean square.
 *
 *     momentum ← momentum + (1 − β₁)·(gradient − momentum)
 *     norm     ← max(β₂·norm, |gradient|)
 *     weight   ← weight − learningRate·momentum / ((1 − β₁ᵗ)·(norm + ε))
 *
 * Source: keras.optimizers.Adamax; https://arxiv.org/abs/1412.6980
 */
export class Adamax extends Optimizer {
  static override readonly className = 'Adamax';
  static override readonly floats = [...Optimizer.floats, 'beta_1', 'beta_2', 'epsilon'];

  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;

  constructor(options: AdamaxOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, ...others } = named(options, new.target);
    super(others);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [['momentum', 'norm']];
  }

  protected override rule(g: GraphBuilder, input: UpdateInput) {
    const { weight, gradient, slots, learningRate, step } = input;
    const mul = (a: Value, b: Value) => g.op('Mul', [a, b]);
    const old = this.slotValue(slots, 'momentum');
    const momentum = g.op('Add', [old, mul(g.op('Sub', [gradient, old]), g.scalar(1 - this.beta1))]);
    const decayed = mul(g.scalar(this.beta2), this.slotValue(slots, 'norm'));
    const norm = g.op('Max', [decayed, g.op('Abs', [gradient])]);
    const share = g.op('Sub', [g.scalar(1), g.op('Pow', [g.scalar(this.beta1), step])]);
    const divisor = mul(share, g.op('Add', [norm, g.scalar(this.epsilon)]));
    const change = g.op('Div', [mul(learningRate, momentum), divisor]);
    return { weight: g.op('Sub', [weight, change]), slots: [momentum, norm] };
  }

  override getConfig(): Config {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon };
  }
}
