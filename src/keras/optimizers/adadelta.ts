import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface AdadeltaOptions extends OptimizerOptions {
  /** Decay of both averages. Default 0.95. */
  rho?: number;
  /** Added to the averages inside the roots. Default 1e-7. */
  epsilon?: number;
}

/**
 * Scales each gradient by the root mean squares of past changes and of past gradients.
 *
 *     accumulated_grad      ← ρ·accumulated_grad + (1 − ρ)·gradient²
 *     change                = −gradient·√(accumulated_delta_var + ε) / √(accumulated_grad + ε)
 *     accumulated_delta_var ← ρ·accumulated_delta_var + (1 − ρ)·change²
 *     weight                ← weight + learningRate·change
 *
 * Source: keras.optimizers.Adadelta; https://arxiv.org/abs/1212.5701
 */
export class Adadelta extends Optimizer {
  static override readonly className = 'Adadelta';
  static override readonly floats = [...Optimizer.floats, 'rho', 'epsilon'];

  readonly rho: number;
  readonly epsilon: number;

  constructor(options: AdadeltaOptions = {}) {
    const { rho = 0.95, epsilon = 1e-7, ...others } = named(options, new.target);
    super(others);
    this.rho = rho;
    this.epsilon = epsilon;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [['accumulated_grad', 'accumulated_delta_var']];
  }

  protected override rule(g: GraphBuilder, { weight, gradient, slots, learningRate }: UpdateInput) {
    const mul = (a: Value, b: Value) => g.op('Mul', [a, b]);
    const average = (mean: Value, value: Value) =>
      g.op('Add', [mul(g.scalar(this.rho), mean), mul(g.scalar(1 - this.rho), mul(value, value))]);
    const root = (mean: Value) => g.op('Sqrt', [g.op('Add', [mean, g.scalar(this.epsilon)])]);
    const changes = this.slotValue(slots, 'accumulated_delta_var');
    const gradients = average(this.slotValue(slots, 'accumulated_grad'), gradient);
    const change = g.op('Div', [mul(root(changes), gradient), root(gradients)]);
    return {
      weight: g.op('Sub', [weight, mul(learningRate, change)]),
      slots: [gradients, average(changes, change)],
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rho: this.rho, epsilon: this.epsilon };
  }
}
