import type { Parameter } from '../graph/differentiable.js';
import { sizeOf } from '../graph/tensor.js';
import type { Constraint } from './constraints.js';

/** A layer's weight: float32 values in row-major order, with the name that Keras gives it. */
export class Variable implements Parameter {
  readonly #value: Float32Array;
  #version = 0;
  /** The values as they were at the latest version; `null` while nobody outside can edit them. */
  #known: Float32Array | null = null;

  constructor(
    /** Short name, unique within the layer: `kernel`, `bias`, `gamma`, … */
    readonly name: string,
    readonly shape: readonly number[],
    value: Float32Array = new Float32Array(sizeOf(shape)),
    /** Whether an optimizer may change it while its layer is trainable. Moving averages are not. */
    readonly trainable = true,
    /** How files and summaries have it. Here all values are float32. */
    readonly dtype: 'float32' | 'int64' = 'float32',
    /** Changes it after each step of a training. */
    readonly constraint: Constraint | null = null,
  ) {
    this.#value = value.slice();
  }

  /** The values, which may be edited in place. They stay in this one array, whatever is assigned. */
  get value(): Float32Array {
    this.#known ??= this.#value.slice();
    return this.#value;
  }

  set value(value: Float32Array) {
    this.assign(value);
  }

  /**
   * Copies other values into these.
   *
   * @throws RangeError when the number of elements differs
   */
  assign(value: Float32Array): void {
    if (value.length !== this.#value.length)
      throw new RangeError(
        `Expected ${this.#value.length} values for '${this.name}' of shape (${this.shape.join(', ')}). Received: ${value.length}.`,
      );
    this.#value.set(value);
    this.#known?.set(value);
    this.#version += 1;
  }

  /** The values, to be read at once and neither kept nor changed: `version` need not watch them for edits. */
  peek(): Float32Array {
    return this.#value;
  }

  /** Grows with every change of the values, made in place or not, so that equal versions mean equal values. */
  get version(): number {
    if (this.#known && !holdSame(this.#known, this.#value)) {
      this.#known.set(this.#value);
      this.#version += 1;
    }
    return this.#version;
  }
}

/** Whether two arrays of one length hold the same bits. */
function holdSame(a: Float32Array, b: Float32Array): boolean {
  const [left, right] = [bitsOf(a), bitsOf(b)];
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

const bitsOf = ({ buffer, byteOffset, length }: Float32Array) => new Uint32Array(buffer, byteOffset, length);
