import { InputLayer } from '../layers/input.js';
import { classOf, type KerasTensor, type Layer } from '../layers/layer.js';
import { Operation } from '../layers/operation.js';
import type { CompiledModel } from '../models/compilation.js';
import { Functional } from '../models/functional.js';
import type { Config, Serialized } from '../serialized.js';
import { serializeCompilation } from './compile-config.js';
import { modelJson } from './model-json.js';
import { usesIn } from './uses.js';

/**
 * A layer, or a model with all its layers, as Keras 3 writes it.
 *
 * Source: keras.saving.serialize_keras_object
 */
export function serializeLayer(layer: Layer): Serialized {
  const isModel = layer instanceof Functional;
  const isSequential = layer.className === 'Sequential';
  const [module, registered_name] = !isModel
    ? moduleOf(layer)
    : isSequential
      ? ['keras', null]
      : ['keras.src.models.functional', 'Functional'];
  return {
    module,
    class_name: layer.className,
    config: isModel ? modelConfig(layer) : layerConfig(layer),
    registered_name,
    ...(isModel
      ? {
          ...(layer.built ? { build_config: { input_shape: isSequential ? layer.inputShape : null } } : {}),
          compile_config: serializeCompilation(layer as CompiledModel),
        }
      : buildConfig(layer)),
  };
}

/** The Python module of a layer's class, and the name that it is registered under if it is not part of Keras's API. */
function moduleOf(layer: Layer): [module: string, registeredName: string | null] {
  const { module } = classOf(layer);
  return [module, module === 'keras.layers' ? null : layer.className];
}

const serializeOperation = ({ operator, name }: Operation): Serialized => ({
  module: 'keras.src.ops.numpy',
  class_name: operator,
  config: { name },
  registered_name: operator,
});

/** Keras's `model.to_json()`. `modelFromJson` reads it, in Python `keras.models.model_from_json`. */
export const modelToJson = (model: Functional): string => modelJson(serializeLayer(model));

const float32 = {
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name: 'float32' },
  registered_name: null,
};

function layerConfig(layer: Layer): Config {
  const { name, trainable, ...rest } = layer.getConfig();
  if (layer instanceof InputLayer) return { ...rest, name, optional: false };
  return { name, trainable, dtype: float32, ...rest };
}

/** Layers with weights are built before the model is wired. */
function buildConfig(layer: Layer): Config {
  const [input, ...others] = layer.uses[0]?.inputs ?? [];
  return layer.weights.length > 0 && input && others.length === 0
    ? { build_config: { input_shape: input.shape } }
    : {};
}

/** A model's layers and their wiring: Keras's `model.get_config()`. */
export function modelConfig(model: Functional): Config {
  if (model.className === 'Sequential') return sequentialConfig(model);
  const uses = usesIn(model);
  const history = (tensor: KerasTensor) => [tensor.layer.name, uses(tensor.layer).indexOf(tensor), 0];
  /** Where inputs and outputs are named, Keras counts the making of a functional model as its first use. */
  const end = (tensor: KerasTensor) => {
    const [name, use] = history(tensor);
    return [name, tensor.layer.className === 'Functional' ? (use as number) + 1 : use, 0];
  };
  const reference = (tensor: KerasTensor) => ({
    class_name: '__keras_tensor__',
    config: { shape: tensor.shape, dtype: 'float32', keras_history: history(tensor) },
  });
  const inboundNode = ({ inputs, layer }: KerasTensor) => {
    const references = inputs.map(reference);
    if (layer instanceof Operation)
      return { args: layer.constant === null ? references : [...references, layer.constant], kwargs: {} };
    return { args: references.length === 1 ? references : [references], kwargs: {} };
  };
  const inputs = model.inputs.map(end);
  return {
    name: model.name,
    trainable: model.trainable,
    layers: model.operations.map((layer) => ({
      ...(layer instanceof Operation ? serializeOperation(layer) : serializeLayer(layer)),
      name: layer.name,
      inbound_nodes: layer instanceof InputLayer ? [] : uses(layer).map(inboundNode),
    })),
    input_layers: inputs.length === 1 ? inputs[0] : inputs,
    output_layers: end(model.outputTensor),
  };
}

function sequentialConfig(model: Functional): Config {
  return {
    name: model.name,
    trainable: model.trainable,
    dtype: float32,
    layers: [...(model.built ? model.inputs.map(({ layer }) => layer) : []), ...model.layers].map(
      serializeLayer,
    ),
    ...(model.built ? { build_input_shape: model.inputShape } : {}),
  };
}
