import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface SGDOptions extends OptimizerOptions {
  /** Share of the last change that is kept, between 0 and 1. Default 0. */
  momentum?: number;
  /** Whether the gradient is taken to lie where the momentum leads. Default `false`. */
  nesterov?: boolean;
}

/**
 * Gradient descent, with momentum if asked for.
 *
 *     weight ← weight − learningRate·gradient
 *
 * and with momentum
 *
 *     velocity ← momentum·velocity − learningRate·gradient
 *     weight   ← weight + velocity
 *     weight   ← weight + momentum·velocity − learningRate·gradient   (Nesterov)
 *
 * Source: keras.optimizers.SGD.
 */
export class SGD extends Optimizer {
  static override readonly className = 'SGD';
  static override readonly floats = [...Optimizer.floats, 'momentum'];
  static override readonly formerSlots = { momentum: 'm' };

  readonly momentum: number;
  readonly nesterov: boolean;

  constructor(options: SGDOptions = {}) {
    const { learningRate = 0.01, momentum = 0, nesterov = false, ...others } = named(options, new.target);
    super({ learningRate, ...others });
    if (!(momentum >= 0 && momentum <= 1)) throw new ValueError('`momentum` must be a float between [0, 1].');
    this.momentum = momentum;
    this.nesterov = nesterov;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return this.momentum === 0 ? [] : [['momentum']];
  }

  protected override rule(g: GraphBuilder, { weight, gradient, slots, learningRate }: UpdateInput) {
    const change = g.op('Mul', [gradient, learningRate]);
    if (this.momentum === 0) return { weight: g.op('Sub', [weight, change]), slots: [] };
    const momentum = g.scalar(this.momentum);
    const velocity = g.op('Sub', [g.op('Mul', [this.slotValue(slots, 'momentum'), momentum]), change]);
    const step = this.nesterov ? g.op('Sub', [g.op('Mul', [velocity, momentum]), change]) : velocity;
    return { weight: g.op('Add', [weight, step]), slots: [velocity] };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov };
  }
}
