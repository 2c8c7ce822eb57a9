import { ValueError } from '../../errors.js';
import { named, refuseOthers } from '../../named-options.js';
import { Input, InputLayer } from '../layers/input.js';
import { KerasTensor, type Layer } from '../layers/layer.js';
import { Operation } from '../layers/operation.js';
import { deserializeCompilation, serializeCompilation } from '../saving/compile-config.js';
import { modelFromConfig as fromSerialized, layerFromConfig } from '../saving/deserialize.js';
import { serializeLayer } from '../saving/serialize.js';
import type { Config } from '../serialized.js';
import { Model } from './model.js';
import { Sequential } from './sequential.js';

/**
 * Makes a model of the configuration that `model.getConfig()` returned, with new weights: Keras's `Model.from_config`
 * and `Sequential.from_config`.
 *
 * @throws ValueError that names the layer that cannot be made
 */
export const modelFromConfig = (config: Config): Model =>
  fromSerialized({ class_name: 'input_layers' in config ? 'Functional' : 'Sequential', config });

/** Arguments of `cloneModel`, as Keras has them. */
export interface CloneOptions {
  /** The tensors to build the copy upon, one for each input. Default: new `Input`s. */
  inputTensors?: KerasTensor | readonly KerasTensor[] | null;
  /** Makes the copy of a layer; inputs are copied without it. Default: by the layer's configuration. */
  cloneFunction?: ((layer: Layer) => Layer) | null;
  /** Calls the copy of a layer, for functional models alone. Default: `layer.apply(inputs)`. */
  callFunction?: ((layer: Layer, inputs: KerasTensor | readonly KerasTensor[]) => KerasTensor) | null;
  /** Copies the layers within inner models in the same way. Default: false. */
  recursive?: boolean;
}

/**
 * The same layers under the same names, with new weights: `keras.models.clone_model`.
 *
 * A compiled model gives a compiled copy, whose optimizer begins anew.
 *
 * @example
 * const copy = cloneModel(model, { cloneFunction: (layer) => (layer instanceof Dense ? new Dense({ units: 2 }) : layer) });
 */
export function cloneModel(model: Model, options: CloneOptions = {}): Model {
  const {
    inputTensors = null,
    cloneFunction = null,
    callFunction = null,
    recursive = false,
    ...others
  } = named(options, 'cloneModel');
  refuseOthers(others, 'cloneModel', (probe) => cloneModel(model, probe));
  const inputs = inputTensors === null ? null : [inputTensors].flat();
  const cloner = new Cloner(cloneFunction ?? copyOf, callFunction, recursive);
  return cloner.clone(model, inputs);
}

/** A layer, or an inner model, of the same configuration. */
const copyOf = (layer: Layer): Layer =>
  layer instanceof Operation
    ? new Operation(layer.operator, layer.constant, layer.name)
    : layerFromConfig(serializeLayer(layer));

/** Copies models; a layer that is met again has one copy. */
class Cloner {
  readonly #copies = new Map<Layer, Layer>();

  constructor(
    readonly cloneFunction: (layer: Layer) => Layer,
    readonly callFunction: CloneOptions['callFunction'],
    readonly recursive: boolean,
  ) {}

  clone(model: Model, inputs: readonly KerasTensor[] | null): Model {
    const copy =
      model instanceof Sequential
        ? this.#cloneSequential(model, inputs)
        : this.#cloneFunctional(model, inputs);
    if (!model.compilation) return copy;
    const { loss, metrics, weightedMetrics, engine } = model.compilation;
    const { optimizer } = deserializeCompilation(serializeCompilation(model));
    copy.compile({ optimizer, loss, metrics, weightedMetrics, engine });
    return copy;
  }

  #copyOf(layer: Layer): Layer {
    const known = this.#copies.get(layer);
    if (known) return known;
    const copy =
      this.recursive && layer instanceof Model
        ? this.clone(layer, null)
        : layer instanceof Operation
          ? copyOf(layer)
          : this.cloneFunction(layer);
    this.#copies.set(layer, copy);
    return copy;
  }

  #cloneSequential(model: Sequential, inputs: readonly KerasTensor[] | null): Model {
    if (this.callFunction)
      throw new ValueError(
        "`call_function` argument is not supported with Sequential models. In a Sequential model, layers aren't called at model-construction time (they're merely listed). Use `call_function` with Functional models only.",
      );
    if (inputs && inputs.length !== 1)
      throw new ValueError('Argument `input_tensors` must contain a single tensor.');
    const layers = model.layers.map((layer) => this.#copyOf(layer));
    const own = model.symbolicInput && inputLike(model.symbolicInput);
    const input = inputs?.[0] ?? own;
    const { name, trainable } = model;
    return new Sequential(input ? [input, ...layers] : layers, { name, trainable });
  }

  #cloneFunctional(model: Model, given: readonly KerasTensor[] | null): Model {
    const inputs = given ?? model.inputs.map(inputLike);
    if (inputs.length !== model.inputs.length || !inputs.every((input) => input instanceof KerasTensor))
      throw new ValueError(
        `\`input_tensors\` must have the same structure as model.input. Received: ${inputs.length} for ${model.inputs.length}.`,
      );
    const made = new Map(model.inputs.map((input, i) => [input, inputs[i] as KerasTensor]));
    const call = this.callFunction ?? ((layer, read) => layer.apply(read));
    for (const tensor of model.tensors) {
      if (made.has(tensor)) continue;
      const read = tensor.inputs.map((input) => made.get(input) as KerasTensor);
      const [first, ...others] = read;
      made.set(tensor, call(this.#copyOf(tensor.layer), first && others.length === 0 ? first : read));
    }
    const outputs = made.get(model.outputTensor) as KerasTensor;
    return new Model({ inputs, outputs, name: model.name });
  }
}

/** An `Input` of the same shape and name. */
const inputLike = ({ shape, layer }: KerasTensor): KerasTensor =>
  Input({ shape: shape.slice(1), ...(layer instanceof InputLayer ? { name: layer.name } : {}) });
