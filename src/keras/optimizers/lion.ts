import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface LionOptions extends OptimizerOptions {
  /** Share of the average in the direction of a step. Default 0.9. */
  beta1?: number;
  /** Decay of the average gradient. Default 0.99. */
  beta2?: number;
}

/**
 * Steps of one size, along the sign of an average gradient.
 *
 *     weight   ← weight − learningRate·sign(β₁·momentum + (1 − β₁)·gradient)
 *     momentum ← β₂·momentum + (1 − β₂)·gradient
 *
 * Source: keras.optimizers.Lion; https://arxiv.org/abs/2302.06675
 */
export class Lion extends Optimizer {
  static override readonly className = 'Lion';
  static override readonly floats = [...Optimizer.floats, 'beta_1', 'beta_2'];

  readonly beta1: number;
  readonly beta2: number;

  constructor(options: LionOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.99, ...others } = named(options, new.target);
    super(others);
    if (beta1 <= 0 || beta1 > 1)
      throw new ValueError(
        `Argument \`beta_1\` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. Received: beta_1=${beta1}.`,
      );
    this.beta1 = beta1;
    this.beta2 = beta2;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [['momentum']];
  }

  protected override rule(g: GraphBuilder, { weight, gradient, slots, learningRate }: UpdateInput) {
    const old = this.slotValue(slots, 'momentum');
    const mix = (share: number): Value =>
      g.op('Add', [g.op('Mul', [old, g.scalar(share)]), g.op('Mul', [gradient, g.scalar(1 - share)])]);
    const change = g.op('Mul', [learningRate, g.op('Sign', [mix(this.beta1)])]);
    return { weight: g.op('Sub', [weight, change]), slots: [mix(this.beta2)] };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2 };
  }
}
