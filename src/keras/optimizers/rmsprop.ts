import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface RMSpropOptions extends OptimizerOptions {
  /** Decay of the average of squared gradients. Default 0.9. */
  rho?: number;
  /** Share of the last change that is added to the next. Default 0. */
  momentum?: number;
  /** Added to the average inside the root. Default 1e-7. */
  epsilon?: number;
  /** Whether the average gradient's square is taken off, so that the root is of the variance. Default `false`. */
  centered?: boolean;
}

/**
 * Divides each gradient by a running root mean square of its past.
 *
 *     velocity ← ρ·velocity + (1 − ρ)·gradient²
 *     weight   ← weight − learningRate·gradient / √(velocity + ε)
 *
 * Source: keras.optimizers.RMSprop; Hinton, http://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
 */
export class RMSprop extends Optimizer {
  static override readonly className = 'RMSprop';
  static override readonly floats = [...Optimizer.floats, 'rho', 'momentum', 'epsilon'];

  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;

  constructor(options: RMSpropOptions = {}) {
    const {
      rho = 0.9,
      momentum = 0,
      epsilon = 1e-7,
      centered = false,
      ...others
    } = named(options, new.target);
    super(others);
    this.rho = rho;
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.centered = centered;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [
      ['velocity'],
      ...(this.momentum > 0 ? [['momentum']] : []),
      ...(this.centered ? [['average_gradient']] : []),
    ];
  }

  protected override rule(g: GraphBuilder, { weight, gradient, slots, learningRate }: UpdateInput) {
    const mul = (a: Value, b: Value) => g.op('Mul', [a, b]);
    const average = (mean: Value, term: Value) =>
      g.op('Add', [mul(mean, g.scalar(this.rho)), mul(term, g.scalar(1 - this.rho))]);
    const old = (slot: string) => this.slotValue(slots, slot);
    const velocity = average(old('velocity'), mul(gradient, gradient));
    const next = [velocity];

    let meanSquare = velocity;
    let averageGradient: Value | undefined;
    if (this.centered) {
      averageGradient = average(old('average_gradient'), gradient);
      meanSquare = g.op('Sub', [velocity, mul(averageGradient, averageGradient)]);
    }
    const root = g.op('Sqrt', [g.op('Add', [meanSquare, g.scalar(this.epsilon)])]);
    let change = g.op('Div', [mul(gradient, learningRate), root]);
    if (this.momentum > 0) {
      change = g.op('Add', [mul(old('momentum'), g.scalar(this.momentum)), change]);
      next.push(change);
    }
    if (averageGradient) next.push(averageGradient);
    return { weight: g.op('Sub', [weight, change]), slots: next };
  }

  override getConfig(): Config {
    const { rho, momentum, epsilon, centered } = this;
    return { ...super.getConfig(), rho, momentum, epsilon, centered };
  }
}
