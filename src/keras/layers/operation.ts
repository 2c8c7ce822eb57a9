import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { autoName } from '../naming.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Add } from './add.js';
import { KerasTensor, Layer, type PerInput } from './layer.js';
import type { Merge } from './merge.js';
import { Multiply } from './multiply.js';

/**
 * A sum or a product of tensors, or of a tensor and a number, that was written without a layer: Keras's `x + y`.
 *
 * Summaries and configurations list it under the name of Keras's operation. `model.layers` does not, as in Keras.
 *
 * Source: keras.src.ops.numpy.Add and Multiply.
 */
export class Operation extends Layer {
  static override readonly isBuiltAtOnce = true;
  readonly #merge: Merge | null;

  /** @param constant the number, where there is one tensor; `null` where there are two */
  constructor(
    readonly operator: 'Add' | 'Multiply',
    readonly constant: number | null,
    name: string = autoName(operator.toLowerCase()),
  ) {
    super({ name });
    this.#merge = constant === null ? new { Add, Multiply }[operator]({ name }) : null;
  }

  override get className(): string {
    return this.operator;
  }

  override computeOutputShape(inputShapes: PerInput<Shape>): Shape {
    return this.#merge ? this.#merge.computeOutputShape(inputShapes) : inputShapes[0];
  }

  override forward(context: Context, inputs: PerInput<Value>, inputShapes: PerInput<Shape>): Forward {
    if (this.#merge) return this.#merge.forward(context, inputs, inputShapes);
    const { g } = context;
    const constant = g.scalar(this.constant ?? 0);
    const isSum = this.operator === 'Add';
    return {
      output: g.op(isSum ? 'Add' : 'Mul', [inputs[0], constant]),
      backward: (dy) => ({ inputs: [isSum ? dy : g.op('Mul', [dy, constant])] }),
    };
  }

  override getConfig(): Config {
    return { name: this.name };
  }
}

const apply =
  (operator: 'Add' | 'Multiply') =>
  (x: KerasTensor, y: KerasTensor | number): KerasTensor =>
    y instanceof KerasTensor
      ? new Operation(operator, null).apply([x, y])
      : new Operation(operator, y).apply(x);

/** Keras's `x + y`. */
export const plus = apply('Add');

/** Keras's `x * y`. */
export const times = apply('Multiply');
