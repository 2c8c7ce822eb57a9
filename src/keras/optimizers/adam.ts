import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the average gradient. Default 0.9. */
  beta1?: number;
  /** Decay of the average squared gradient. Default 0.999. */
  beta2?: number;
  /** Added to the root: the "epsilon hat" of the paper. Default 1e-7. */
  epsilon?: number;
  /** Whether the largest average so far divides, instead of the last. Default `false`. */
  amsgrad?: boolean;
}

/**
 * Averages of the gradient and of its square, freed of their start at 0.
 *
 *     momentum ← momentum + (1 − β₁)·(gradient − momentum)
 *     velocity ← velocity + (1 − β₂)·(gradient² − velocity)
 *     α        = learningRate·√(1 − β₂ᵗ) / (1 − β₁ᵗ)
 *     weight   ← weight − α·momentum / (√velocity + ε)
 *
 * Source: keras.optimizers.Adam; https://arxiv.org/abs/1412.6980, https://openreview.net/pdf?id=ryQu7f-RZ (AMSGrad).
 */
export class Adam extends Optimizer {
  static override readonly className: string = 'Adam';
  static override readonly floats = [...Optimizer.floats, 'beta_1', 'beta_2', 'epsilon'];
  static override readonly formerSlots = { momentum: 'm', velocity: 'v', velocity_hat: 'vhat' };

  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;

  constructor(options: AdamOptions = {}) {
    const {
      beta1 = 0.9,
      beta2 = 0.999,
      epsilon = 1e-7,
      amsgrad = false,
      ...others
    } = named(options, new.target);
    super(others);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.amsgrad = amsgrad;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [['momentum', 'velocity'], ...(this.amsgrad ? [['velocity_hat']] : [])];
  }

  protected override rule(g: GraphBuilder, input: UpdateInput) {
    const { weight, gradient, learningRate, step } = input;
    const [oldMomentum, oldVelocity, oldHat] = input.slots as [Value, Value, Value?];
    const towards = (mean: Value, term: Value, beta: number) =>
      g.op('Add', [mean, g.op('Mul', [g.op('Sub', [term, mean]), g.scalar(1 - beta)])]);
    /** 1 − βᵗ: the average of ones. */
    const weightOf = (beta: number) => g.op('Sub', [g.scalar(1), g.op('Pow', [g.scalar(beta), step])]);
    const rootWeight = g.op('Sqrt', [weightOf(this.beta2)]);
    const rate = g.op('Div', [g.op('Mul', [learningRate, rootWeight]), weightOf(this.beta1)]);

    const momentum = towards(oldMomentum, gradient, this.beta1);
    const velocity = towards(oldVelocity, g.op('Mul', [gradient, gradient]), this.beta2);
    const hat = oldHat && g.op('Max', [oldHat, velocity]);
    const root = g.op('Add', [g.op('Sqrt', [hat ?? velocity]), g.scalar(this.epsilon)]);
    const change = g.op('Div', [g.op('Mul', [momentum, rate]), root]);
    return {
      weight: g.op('Sub', [weight, change]),
      slots: hat ? [momentum, velocity, hat] : [momentum, velocity],
    };
  }

  override getConfig(): Config {
    const { beta1, beta2, epsilon, amsgrad } = this;
    return { ...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon, amsgrad };
  }
}

/**
 * Adam with weight decay: each step first shrinks the weights by `weightDecay · learningRate`.
 *
 * Source: keras.optimizers.AdamW; https://arxiv.org/abs/1711.05101.
 */
export class AdamW extends Adam {
  static override readonly className = 'AdamW';

  constructor(options: AdamOptions = {}) {
    const { weightDecay = 0.004, ...others } = named(options, new.target);
    super({ weightDecay, ...others });
    if (weightDecay === null)
      throw new ValueError('Argument `weight_decay` must be a float. Received: weight_decay=None');
  }
}
