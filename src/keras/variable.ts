import type { Parameter } from '../graph/differentiable.js';
import { sizeOf } from '../graph/tensor.js';

/** A layer's weight: float32 values in row-major order, with the name that Keras gives it. */
export class Variable implements Parameter {
  value: Float32Array;

  constructor(
    /** Short name, unique within the layer: `kernel`, `bias`, `gamma`, … */
    readonly name: string,
    readonly shape: readonly number[],
    value: Float32Array = new Float32Array(sizeOf(shape)),
    /** Whether an optimizer may change it while its layer is trainable. Moving averages are not. */
    readonly trainable = true,
  ) {
    this.value = value;
  }

  /**
   * Replaces the values.
   *
   * @throws RangeError when the number of elements differs.
   */
  assign(value: Float32Array): void {
    if (value.length !== this.value.length)
      throw new RangeError(
        `Expected ${this.value.length} values for '${this.name}' of shape (${this.shape.join(', ')}). Received: ${value.length}.`,
      );
    this.value = value;
  }
}
