import { ValueError } from '../../errors.js';
import type { Context, Forward, Gradients, Parameter } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named, refuseOthers } from '../../named-options.js';
import { InputLayer } from '../layers/input.js';
import type { InputSpec } from '../layers/input-spec.js';
import { KerasTensor, Layer, type PerInput, perInput } from '../layers/layer.js';
import { Operation } from '../layers/operation.js';
import { pythonList } from '../python/format.js';
import type { Regularizer } from '../regularizers.js';
import type { Shape } from '../symbolic-shape.js';
import type { Variable } from '../variable.js';

export interface FunctionalOptions {
  /** The tensors that the model begins with, made by `Input` or by layers. */
  inputs: KerasTensor | readonly KerasTensor[];
  /** The tensor that it ends with, in a list or not. */
  outputs: KerasTensor | readonly [KerasTensor];
  /** Default: the name of the class in snake case, counted on. */
  name?: string;
  /** Whether its layers train; a value is set on each of them. Default: as they are. */
  trainable?: boolean;
}

interface Wiring {
  readonly inputs: readonly KerasTensor[];
  readonly outputTensor: KerasTensor;
  readonly tensors: readonly KerasTensor[];
  readonly layers: readonly Layer[];
  readonly operations: readonly Layer[];
}

/**
 * Layers wired into a graph from `inputs` to `outputs`; itself a layer, so that models nest.
 *
 * Training and prediction are `Model`'s; this part knows the wiring alone.
 */
export class Functional extends Layer {
  static override readonly className: string = 'Functional';

  #wiring?: Wiring;

  constructor(options: FunctionalOptions | { name?: string; trainable?: boolean }) {
    const { inputs, outputs, name, trainable, ...others } = named(options as FunctionalOptions, new.target);
    super({ name, ...others });
    if (inputs !== undefined || outputs !== undefined) this.wire(inputs, outputs);
    if (trainable !== undefined) this.trainable = trainable;
  }

  /** Sets inputs and output, and finds the layers between them. */
  protected wire(
    inputs: KerasTensor | readonly KerasTensor[],
    outputs: KerasTensor | readonly KerasTensor[],
  ): void {
    const list = inputs instanceof KerasTensor ? [inputs] : inputs;
    const [outputTensor, ...others] = outputs instanceof KerasTensor ? [outputs] : outputs;
    if (!outputTensor || others.length > 0)
      throw new ValueError(
        `Expected a model of one output. Received: ${outputTensor ? others.length + 1 : 0}. Hint: make one model for each, of the same inputs.`,
      );
    const tensors = inExecutionOrder(list, outputTensor);
    const operations = inKerasOrder(list, tensors, outputTensor);
    const counts = new Map<string, number>();
    for (const { name } of operations) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const [name, count] of counts)
      if (count > 1)
        throw new ValueError(
          `The name "${name}" is used ${count} times in the model. All operation names should be unique.`,
        );
    const layers = operations.filter((layer) => !(layer instanceof Operation));
    this.#wiring = { inputs: list, outputTensor, tensors, layers, operations };
    this.weights.splice(0, this.weights.length, ...new Set(layers.flatMap((layer) => layer.weights)));
    this.markBuilt();
  }

  get inputs(): readonly KerasTensor[] {
    return this.#wired.inputs;
  }

  get inputNames(): readonly string[] {
    return this.inputs.map(({ layer }) => layer.name);
  }

  get outputTensor(): KerasTensor {
    return this.#wired.outputTensor;
  }

  /** The output in a list, as Keras has it for models of several. */
  get outputs(): readonly KerasTensor[] {
    return [this.outputTensor];
  }

  /** The tensor that the model begins with; several inputs as a list. */
  override get input(): KerasTensor | readonly KerasTensor[] {
    const [first, ...others] = this.inputs;
    return first && others.length === 0 ? first : this.inputs;
  }

  /** The tensor that the model ends with. */
  override get output(): KerasTensor {
    return this.outputTensor;
  }

  /** Every symbolic tensor from inputs to output, each after those it is made of. */
  get tensors(): readonly KerasTensor[] {
    return this.#wired.tensors;
  }

  /** Every layer once, in the order of Keras's `model.layers`, which leaves operations out. */
  get layers(): readonly Layer[] {
    return this.#wired.layers;
  }

  /** The same with the operations between them. */
  get operations(): readonly Layer[] {
    return this.#wired.operations;
  }

  get inputShape(): Shape {
    return this.inputs[0]?.shape ?? [];
  }

  get outputShape(): Shape {
    return this.outputTensor.shape;
  }

  get #wired(): Wiring {
    if (this.#wiring) return this.#wiring;
    throw new ValueError(
      `The model '${this.name}' has not been built yet. Hint: begin it with an \`Input\`, or call \`build(inputShape)\` or \`fit()\` first.`,
    );
  }

  /** How pictures are to be scaled for the pretrained weights that read them; `null` where nothing is known. */
  get expectedScaling(): InputLayer['expectedScaling'] {
    for (const input of this.inputs) {
      if (input.layer instanceof InputLayer && input.layer.expectedScaling)
        return input.layer.expectedScaling;
      for (const { layer, inputs } of this.tensors)
        if (inputs.includes(input) && layer instanceof Functional && layer.expectedScaling)
          return layer.expectedScaling;
    }
    return null;
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  override set trainable(trainable: boolean) {
    super.trainable = trainable;
    for (const layer of this.layers) layer.trainable = trainable;
  }

  override get trainableWeights(): Variable[] {
    return this.trainable ? this.layers.flatMap((layer) => layer.trainableWeights) : [];
  }

  override get nonTrainableWeights(): Variable[] {
    return this.trainable ? this.layers.flatMap((layer) => layer.nonTrainableWeights) : [...this.weights];
  }

  override get isRandom(): boolean {
    return this.layers.some((layer) => layer.isRandom);
  }

  override get regularized(): readonly (readonly [Variable, Regularizer])[] {
    return this.layers.flatMap((layer) => layer.regularized);
  }

  protected override get inputSpecs(): readonly InputSpec[] {
    return this.built ? this.inputs.map(({ shape, layer: { name } }) => ({ name, shape })) : [];
  }

  override checkInputs(inputShapes: readonly Shape[]): void {
    const names = this.inputNames;
    if (this.built && inputShapes.length !== names.length)
      throw new ValueError(
        `Layer "${this.name}" expects ${names.length} named input(s) with keys ${pythonList(names)}, but it received ${inputShapes.length} input tensors. Pass inputs as a dict, e.g. \`layer({${names.map((name) => `'${name}': ...`).join(', ')}})\`.`,
      );
    super.checkInputs(inputShapes);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const shapes = this.#pair(inputShapes);
    for (const tensor of this.tensors)
      if (!shapes.has(tensor))
        shapes.set(tensor, tensor.layer.computeOutputShape(eachInput(tensor, (input) => of(shapes, input))));
    return of(shapes, this.outputTensor);
  }

  /** @throws ValueError when there is none: Keras's words. */
  getLayer(by: { name: string } | { index: number } | string): Layer {
    const key = typeof by === 'string' ? { name: by } : (by ?? {});
    const { name, index, ...others } = key as { name?: string; index?: number };
    refuseOthers(others, 'getLayer', (probe) => this.getLayer(probe));
    if (!('name' in key || 'index' in key))
      throw new ValueError('Provide either a layer name or layer index at `get_layer`.');
    const layer = 'name' in key ? this.layers.find(({ name }) => name === key.name) : this.layers[key.index];
    if (layer) return layer;
    throw new ValueError(
      'name' in key
        ? `No such layer: ${key.name}. Existing layers are: ${pythonList(this.layers.map(({ name }) => name))}.`
        : `Was asked to retrieve layer at index ${key.index} but model only has ${this.layers.length} layers.`,
    );
  }

  /** The model's inputs, each with its own of these. */
  #pair<T>(values: readonly T[]): Map<KerasTensor, T> {
    const paired = new Map<KerasTensor, T>();
    for (const [i, value] of values.entries()) {
      const input = this.inputs[i];
      if (input) paired.set(input, value);
    }
    return paired;
  }

  override forward(context: Context, inputs: readonly Value[]): Forward {
    const { g } = context;
    const values = this.#pair(inputs);
    const updates = new Map<Parameter, Value>();
    const steps: { tensor: KerasTensor; step: Forward }[] = [];
    for (const tensor of this.tensors) {
      if (values.has(tensor)) continue;
      const { layer } = tensor;
      const step = g.scope(layer.name, () =>
        layer.forward(
          context,
          eachInput(tensor, (input) => of(values, input)),
          eachInput(tensor, ({ shape }) => shape),
        ),
      );
      values.set(tensor, step.output);
      steps.push({ tensor, step });
      for (const [parameter, value] of step.updates ?? []) updates.set(parameter, value);
    }
    const logits = steps.find(({ tensor }) => tensor === this.outputTensor)?.step.logits;
    return {
      output: of(values, this.outputTensor),
      updates,
      backward: (dOutput, needsInput) => this.#backward(context, steps, { dOutput }, needsInput),
      logits: logits && {
        ...logits,
        backward: (dLogits, needsInput) => this.#backward(context, steps, { dLogits }, needsInput),
      },
    };
  }

  /** Visits the layers last to first, adding up the gradients of tensors and weights that are used more than once. */
  #backward(
    { g, isTrained }: Context,
    steps: readonly { tensor: KerasTensor; step: Forward }[],
    from: { dOutput: Value } | { dLogits: Value },
    needsInput: boolean,
  ): Gradients {
    const fromLogits = 'dLogits' in from;
    const dTensors = new Map([[this.outputTensor, fromLogits ? from.dLogits : from.dOutput]]);
    const dWeights = new Map<Parameter, Value>();
    const add = <K>(gradients: Map<K, Value>, key: K, value: Value) => {
      const sum = gradients.get(key);
      gradients.set(key, sum === undefined ? value : g.op('Add', [sum, value]));
    };
    const needed = new Set<KerasTensor>(needsInput ? this.inputs : []);
    for (const { tensor } of steps)
      if (tensor.layer.weights.some(isTrained) || tensor.inputs.some((input) => needed.has(input)))
        needed.add(tensor);

    for (const { tensor, step } of steps.toReversed()) {
      const dTensor = dTensors.get(tensor);
      if (dTensor === undefined || !needed.has(tensor)) continue;
      const backward = fromLogits && tensor === this.outputTensor ? step.logits?.backward : step.backward;
      if (!backward)
        throw new ValueError(
          `The layer '${tensor.layer.name}' (${tensor.layer.className}) has no backward pass here. Hint: freeze it, and every layer before it, with \`layer.trainable = false\`.`,
        );
      const gradients = g.scope(`${tensor.layer.name}/gradient`, () =>
        backward(
          dTensor,
          tensor.inputs.some((input) => needed.has(input)),
        ),
      );
      for (const [i, dInput] of gradients.inputs.entries()) {
        const input = tensor.inputs[i];
        if (input && needed.has(input)) add(dTensors, input, dInput);
      }
      for (const [parameter, value] of gradients.weights ?? []) add(dWeights, parameter, value);
    }
    return { inputs: needsInput ? this.inputs.map((input) => of(dTensors, input)) : [], weights: dWeights };
  }
}

/** The value of a tensor that has one. */
function of<T>(values: ReadonlyMap<KerasTensor, T>, tensor: KerasTensor): T {
  const value = values.get(tensor);
  if (value !== undefined) return value;
  throw new Error(`Expected the output of layer '${tensor.layer.name}' to be known. Received: nothing.`);
}

/** One value for each tensor that a tensor is made of. */
const eachInput = <T>({ inputs, layer }: KerasTensor, read: (input: KerasTensor) => T): PerInput<T> =>
  perInput(inputs.map(read), layer.name);

/** @throws ValueError when the output cannot be computed from the inputs. */
function inExecutionOrder(inputs: readonly KerasTensor[], output: KerasTensor): KerasTensor[] {
  const order: KerasTensor[] = [...inputs];
  const seen = new Set(order);
  const visit = (tensor: KerasTensor) => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    if (tensor.layer instanceof InputLayer)
      throw new ValueError(
        `Output depends on the input '${tensor.layer.name}', which is not among the model's inputs.`,
      );
    tensor.inputs.forEach(visit);
    order.push(tensor);
  };
  visit(output);
  return order;
}

/**
 * By decreasing distance from the output, ties as they are met on the way back from it: Keras's `map_graph`.
 *
 * Inputs that the output does not depend on come first among the nearest.
 */
function inKerasOrder(
  inputs: readonly KerasTensor[],
  tensors: readonly KerasTensor[],
  output: KerasTensor,
): Layer[] {
  const indices = new Map<Layer, number>();
  const seen = new Set<KerasTensor>();
  const visit = (tensor: KerasTensor) => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    if (!indices.has(tensor.layer)) indices.set(tensor.layer, indices.size);
    if (!inputs.includes(tensor)) tensor.inputs.forEach(visit);
  };
  visit(output);

  const order = tensors.filter((tensor) => seen.has(tensor));
  const depths = new Map<KerasTensor, number>();
  const layerDepths = new Map<Layer, number>();
  for (const tensor of order.toReversed()) {
    const depth = Math.max(depths.get(tensor) ?? 0, layerDepths.get(tensor.layer) ?? 0);
    layerDepths.set(tensor.layer, depth);
    for (const input of tensor.inputs) depths.set(input, Math.max(depths.get(input) ?? 0, depth + 1));
  }
  const depthOf = (layer: Layer) => layerDepths.get(layer) ?? 0;
  const indexOf = (layer: Layer) => indices.get(layer) ?? -1;
  const layers = [...new Set(tensors.map((tensor) => tensor.layer))];
  return layers.sort((a, b) => depthOf(b) - depthOf(a) || indexOf(a) - indexOf(b));
}
