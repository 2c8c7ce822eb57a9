import type { GraphBuilder } from '../../graph/builder.js';
import type { Parameter } from '../../graph/differentiable.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Optimizer, type OptimizerOptions, type UpdateInput } from './optimizer.js';

export interface AdagradOptions extends OptimizerOptions {
  /** What the sum of squares begins with. Default 0.1. */
  initialAccumulatorValue?: number;
  /** Added to the sum inside the root. Default 1e-7. */
  epsilon?: number;
}

/**
 * Divides each gradient by the root of the sum of the squares of all before it.
 *
 *     accumulator ← accumulator + gradient²
 *     weight      ← weight − learningRate·gradient / √(accumulator + ε)
 *
 * Source: keras.optimizers.Adagrad; https://www.jmlr.org/papers/v12/duchi11a.html
 */
export class Adagrad extends Optimizer {
  static override readonly className = 'Adagrad';
  static override readonly floats = [...Optimizer.floats, 'initial_accumulator_value', 'epsilon'];

  readonly initialAccumulatorValue: number;
  readonly epsilon: number;

  constructor(options: AdagradOptions = {}) {
    const { initialAccumulatorValue = 0.1, epsilon = 1e-7, ...others } = named(options, new.target);
    super(others);
    this.initialAccumulatorValue = initialAccumulatorValue;
    this.epsilon = epsilon;
  }

  override get slotGroups(): readonly (readonly string[])[] {
    return [['accumulator']];
  }

  override initialSlot(parameter: Parameter, slot: string): Float32Array {
    const value = super.initialSlot(parameter, slot);
    return slot === 'accumulator' ? value.fill(this.initialAccumulatorValue) : value;
  }

  protected override rule(g: GraphBuilder, { weight, gradient, slots, learningRate }: UpdateInput) {
    const accumulator = g.op('Add', [
      this.slotValue(slots, 'accumulator'),
      g.op('Mul', [gradient, gradient]),
    ]);
    const root = g.op('Sqrt', [g.op('Add', [accumulator, g.scalar(this.epsilon)])]);
    const change = g.op('Div', [g.op('Mul', [learningRate, gradient]), root]);
    return { weight: g.op('Sub', [weight, change]), slots: [accumulator] };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      initial_accumulator_value: this.initialAccumulatorValue,
      epsilon: this.epsilon,
    };
  }
}
