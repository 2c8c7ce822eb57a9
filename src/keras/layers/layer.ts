import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { sizeOf } from '../../graph/tensor.js';
import { constructorsOf, named, pythonDict, refuseOthers, type Words } from '../../named-options.js';
import { autoName, toSnakeCase } from '../naming.js';
import type { Regularizer } from '../regularizers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import type { Variable } from '../variable.js';
import { type InputSpec, inputIncompatibility } from './input-spec.js';

/** A symbolic tensor: the promise of a layer's output, which the functional API wires layers with. */
export class KerasTensor {
  constructor(
    readonly shape: Shape,
    /** The layer that makes it. */
    readonly layer: Layer,
    /** The tensors that the layer reads to make it; none for an `Input`. */
    readonly inputs: readonly KerasTensor[],
  ) {}
}

/** One value for each input of a layer, which has at least one. */
export type PerInput<T> = readonly [T, ...T[]];

/** @throws ValueError when there are no inputs */
export function perInput<T>(values: readonly T[], layerName: string): PerInput<T> {
  const [first, ...others] = values;
  if (first !== undefined) return [first, ...others];
  throw new ValueError(`Expected at least one input for layer '${layerName}'. Received: none.`);
}

/** Arguments of a layer's call beside its inputs. */
export interface CallOptions {
  /**
   * Without effect, as in Keras 3: `fit`, `evaluate` and `predict` tell every layer of a functional model whether it
   * trains. To keep the averages of a BatchNormalization, set `trainable = false`. Default: none.
   */
  training?: boolean | null;
}

export interface LayerOptions {
  /** Unique within a model. Default: the class in snake case, with a number from the second on. */
  name?: string;
  /** Whether training changes the weights. Default `true`. */
  trainable?: boolean;
  /** The shape of inputs without the batch, for the first layer of a `Sequential`. Default `null`: `Input` tells it. */
  inputShape?: readonly (number | null)[] | null;
}

/** Keras's words for options that a layer does not take. */
const unrecognized: Words = (given, className) =>
  new ValueError(`Unrecognized keyword arguments passed to ${className}: ${pythonDict(given)}`);

/** A layer's class, which says how the layer is configured. */
export const classOf = (layer: Layer): typeof Layer => layer.constructor as typeof Layer;

/**
 * A node of a model: weights, and the ONNX operations that use them.
 *
 * Shapes are Keras's, channels last. In the graphs that layers write, images (tensors of rank 4) flow channels
 * first, (N, C, H, W), as ONNX convolves them; everything else flows as Keras has it.
 */
export abstract class Layer {
  /** Keras's name of the class. Stated, since minifiers rename classes. */
  static readonly className?: string;
  /** The Python module that Keras finds the class in. */
  static readonly module: string = 'keras.layers';
  /** The keys of the configuration that the constructor takes. All others are fixed. */
  static readonly fields: Fields = {};
  /** The names that Keras 2 has for keys of the configuration. */
  static readonly formerFields: Readonly<Record<string, string>> = {};
  /** Keys of the configuration that Keras 2 does not know. */
  static readonly newFields: readonly string[] = [];
  /** Fixed keys of the configuration that a file may hold at any value, since they change nothing here. */
  static readonly idleFields: readonly string[] = [];
  /** The names that Keras 2 has for weights. */
  static readonly formerWeights: Readonly<Record<string, string>> = {};
  /** Whether `summary` counts the layer as built before it has seen a shape. */
  static readonly isBuiltAtOnce: boolean = false;

  readonly name: string;
  /** The option `inputShape`. */
  readonly declaredInputShape: readonly (number | null)[] | null;
  #trainable: boolean;
  /** Every weight in Keras's order, which `getWeights` and weight files follow. */
  readonly weights: Variable[] = [];
  /** The output of each use of the layer in functional models. */
  readonly uses: KerasTensor[] = [];
  #built = false;

  /** @throws ValueError when an option is not known, or the name holds a slash */
  constructor(options: LayerOptions = {}) {
    const { name, trainable = true, inputShape = null, ...others } = named(options, new.target);
    refuseOthers(others, new.target, constructorsOf(new.target), unrecognized);
    if (name != null && (typeof name !== 'string' || name.includes('/')))
      throw new ValueError(
        `Argument \`name\` must be a string and cannot contain character \`/\`. Received: name=${name}`,
      );
    this.declaredInputShape = inputShape;
    this.name = name ?? autoName(toSnakeCase(this.className));
    this.#trainable = trainable;
  }

  get className(): string {
    const type = classOf(this);
    return type.className ?? type.name;
  }

  get built(): boolean {
    return this.#built;
  }

  /** Whether training changes the weights. Set on a model, it is set on every layer within. */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(trainable: boolean) {
    this.#trainable = trainable;
  }

  /** Makes the weights for inputs of these shapes. Called once, before the first use. */
  build(_inputShapes: PerInput<Shape>): void {}

  /** The shape of the output for inputs of these shapes. @throws ValueError when they do not fit. */
  computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    return inputShape;
  }

  /** Writes the layer's forward pass for `inputs`, of the shapes `inputShapes`. */
  abstract forward(context: Context, inputs: PerInput<Value>, inputShapes: PerInput<Shape>): Forward;

  /** The configuration under Python's keys, as `get_config` returns it. */
  getConfig(): Config {
    return { name: this.name, trainable: this.trainable };
  }

  /**
   * Connects the layer to its inputs: Keras's `layer(x)`.
   *
   * @throws ValueError when the layer cannot read that
   */
  apply(inputs: KerasTensor | readonly KerasTensor[], _call?: CallOptions): KerasTensor {
    const list = inputs instanceof KerasTensor ? [inputs] : inputs;
    const shapes = perInput(
      list.map((input) => input.shape),
      this.name,
    );
    this.checkInputs(shapes);
    this.ensureBuilt(shapes);
    const output = new KerasTensor(this.computeOutputShape(shapes), this, list);
    this.uses.push(output);
    return output;
  }

  /** Conditions on the shape of each input. */
  protected get inputSpecs(): readonly InputSpec[] {
    return [];
  }

  /** @throws ValueError for inputs that do not meet `inputSpecs`, in Keras's words */
  checkInputs(inputShapes: readonly Shape[]): void {
    const problem = inputIncompatibility(this.inputSpecs, inputShapes, this.name);
    if (problem) throw new ValueError(problem);
  }

  ensureBuilt(inputShapes: PerInput<Shape>): void {
    if (this.#built) return;
    this.build(inputShapes);
    this.markBuilt();
  }

  protected markBuilt(): void {
    this.#built = true;
  }

  /** The input of the layer's first use; several as a list. */
  get input(): KerasTensor | readonly KerasTensor[] {
    const { inputs } = this.#firstUse('input');
    const [first, ...others] = inputs;
    return first && others.length === 0 ? first : inputs;
  }

  /** The layer's output where it was first used. */
  get output(): KerasTensor {
    return this.#firstUse('output');
  }

  #firstUse(attribute: string): KerasTensor {
    if (this.uses[0]) return this.uses[0];
    throw new ValueError(
      `The layer ${this.name} has never been called and thus has no defined ${attribute}.`,
    );
  }

  /** Whether its output differs from run to run while training, as Dropout's does. */
  get isRandom(): boolean {
    return false;
  }

  /** The weights that add a penalty to the loss, each with its penalty. */
  get regularized(): readonly (readonly [Variable, Regularizer])[] {
    return [];
  }

  get trainableWeights(): Variable[] {
    return this.trainable ? this.weights.filter((weight) => weight.trainable) : [];
  }

  /** Keras 3's name for `trainableWeights`. */
  get trainableVariables(): Variable[] {
    return this.trainableWeights;
  }

  get nonTrainableWeights(): Variable[] {
    return this.trainable ? this.weights.filter((weight) => !weight.trainable) : [...this.weights];
  }

  /** Keras 3's name for `weights`. */
  get variables(): Variable[] {
    return this.weights;
  }

  /** Copies of the weights' values, in the order of `weights`. */
  getWeights(): Float32Array[] {
    return this.weights.map((weight) => weight.peek().slice());
  }

  setWeights(values: readonly Float32Array[]): void {
    if (values.length !== this.weights.length)
      throw new ValueError(
        `You called \`setWeights(weights)\` on layer '${this.name}' with a weight list of length ${values.length}, but the layer was expecting ${this.weights.length} weights.`,
      );
    for (const [i, value] of values.entries()) this.weights[i]?.assign(value);
  }

  /** The number of scalars in the weights. @throws ValueError before they are made */
  countParams(): number {
    if (!this.built && this.build !== Layer.prototype.build)
      throw new ValueError(
        `You tried to call \`count_params\` on layer '${this.name}', but the layer isn't built. You can build it manually via: \`layer.build(input_shape)\`.`,
      );
    return this.weights.reduce((count, weight) => count + sizeOf(weight.shape), 0);
  }
}
