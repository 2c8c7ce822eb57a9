import { ValueError } from '../../errors.js';
import { named } from '../../named-options.js';
import { Input, InputLayer } from '../layers/input.js';
import { KerasTensor, Layer } from '../layers/layer.js';
import { pythonTuple } from '../python/format.js';
import type { Shape } from '../symbolic-shape.js';
import { Functional } from './functional.js';
import { Model } from './model.js';

export interface SequentialOptions {
  /** Default: `sequential`, counted on. */
  name?: string;
  /** Whether its layers train; `false` is set on each of them. Default: true. */
  trainable?: boolean;
}

/**
 * Layers one after the other: `keras.Sequential`.
 *
 * Begins with an `Input` or a model; without either, the shape comes from `build` or from the first data.
 *
 * @example
 * const head = new Sequential([Input({ shape: [1024] }), new Dense({ units: 2, activation: 'softmax' })]);
 */
export class Sequential extends Model {
  static override readonly className = 'Sequential';

  readonly #layers: Layer[] = [];
  #input: KerasTensor | null = null;

  constructor(layers: readonly (Layer | KerasTensor)[] = [], options: SequentialOptions = {}) {
    const { trainable = true, ...others } = named(options, new.target);
    super(others);
    for (const layer of layers) this.#append(layer);
    this.#rewire();
    if (!trainable) this.trainable = false;
  }

  /** Adds a layer at the end. */
  add(layer: Layer | KerasTensor): void {
    this.#append(layer);
    this.#rewire();
  }

  /** Takes the last layer away. */
  pop(): Layer | undefined {
    const layer = this.#layers.pop();
    this.#rewire();
    return layer;
  }

  /** The tensor that the model begins with; `null` before it has a shape. */
  get symbolicInput(): KerasTensor | null {
    return this.#input;
  }

  override get operations(): readonly Layer[] {
    return this.layers;
  }

  /** All layers but the `Input`. */
  override get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** Makes the weights for inputs of this shape, the batch first: `[null, 784]`. */
  override build(shapes: Shape | readonly Shape[]): void {
    const shape = (Array.isArray(shapes[0]) ? shapes[0] : shapes) as Shape;
    if (shape.length === 0) return;
    if (this.#layers.length === 0)
      throw new ValueError(
        `Sequential model ${this.name} cannot be built because it has no layers. Call \`model.add(layer)\`.`,
      );
    if (this.#input && this.#input.shape.join() !== shape.join())
      throw new ValueError(
        `Sequential model '${this.name}' has already been configured to use input shape ${pythonTuple(this.#input.shape)}. You cannot build it with input_shape ${pythonTuple(shape)}`,
      );
    if (this.#input) return;
    this.#input = Input({ shape: shape.slice(1) });
    this.#rewire();
  }

  #append(layer: Layer | KerasTensor): void {
    if (layer instanceof KerasTensor || layer instanceof InputLayer) {
      if (this.#layers.length > 0 || this.#input)
        throw new ValueError(`Sequential model '${this.name}' has already been configured to use an input.`);
      this.#input = layer instanceof KerasTensor ? layer : layer.output;
      return;
    }
    if (!(layer instanceof Layer))
      throw new ValueError(
        `Only instances of \`Layer\` can be added to a Sequential model. Received: ${layer}`,
      );
    if (this.#layers.some((other) => other !== layer && other.name === layer.name))
      throw new ValueError(
        `All layers added to a Sequential model should have unique names. Name '${layer.name}' is already the name of a layer in this model. Update the \`name\` argument to pass a unique name.`,
      );
    if (!this.#input && this.#layers.length === 0 && layer.declaredInputShape)
      this.#input = Input({ shape: layer.declaredInputShape });
    if (!this.#input && this.#layers.length === 0 && layer instanceof Functional && layer.built)
      this.#input = Input({ shape: layer.inputShape.slice(1) });
    this.#layers.push(layer);
  }

  #rewire(): void {
    if (!this.#input || this.#layers.length === 0) return;
    let tensor = this.#input;
    for (const layer of this.#layers) tensor = layer.apply(tensor);
    this.wire(this.#input, tensor);
  }
}
