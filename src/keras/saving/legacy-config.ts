/**
 * Configurations as Keras 2 writes them into `.h5` files, which Keras 3 reads, too, as long as they hold nothing that
 * it dropped: it trips over `groups` of a DepthwiseConv2D, for one.
 *
 * Source: `get_config` and `from_config` of tf_keras 2.21 and Keras 3.15; keras.src.legacy.saving.saving_utils
 */
import { Add } from '../layers/add.js';
import { InputLayer } from '../layers/input.js';
import { classOf, type KerasTensor, type Layer } from '../layers/layer.js';
import { Multiply } from '../layers/multiply.js';
import { Operation } from '../layers/operation.js';
import { Rescaling } from '../layers/rescaling.js';
import { getLoss } from '../losses/index.js';
import { getMetric } from '../metrics/index.js';
import type { Compilation } from '../models/compilation.js';
import { Functional } from '../models/functional.js';
import { toSnakeCase } from '../naming.js';
import type { Optimizer } from '../optimizers/index.js';
import { isObject, type JsonObject } from '../python/json.js';
import type { Config, Configured, Serialized } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { withDtype } from './compile-config.js';
import { usesIn } from './uses.js';

/** A layer, or a model with all its layers. */
export function legacyConfig(layer: Layer): Serialized {
  if (layer instanceof InputLayer) return inputConfig(layer);
  if (layer instanceof Operation) return operationConfig(layer);
  if (!(layer instanceof Functional)) return layerConfig(layer);
  const config = layer.className === 'Sequential' ? sequentialConfig(layer) : functionalConfig(layer);
  return { class_name: layer.className, config };
}

/** A layer that does the same, since Keras 2 writes operations otherwise, and Keras 3 does not read those. */
function operationConfig({ operator, constant, name }: Operation): Serialized {
  if (constant === null) return layerConfig(new { Add, Multiply }[operator]({ name }));
  const [scale, offset] = operator === 'Add' ? [1, constant] : [constant, 0];
  return layerConfig(new Rescaling({ name, scale, offset }));
}

const inputConfig = ({ className, name, batchShape }: InputLayer): Serialized => ({
  class_name: className,
  config: { batch_input_shape: batchShape, dtype: 'float32', sparse: false, name },
});

function layerConfig(layer: Layer): Serialized {
  const { formerFields, newFields } = classOf(layer);
  const { name, trainable, ...rest } = layer.getConfig();
  const own = Object.entries(rest)
    .filter(([key]) => !newFields.includes(key))
    .map(([key, value]) => [formerFields[key] ?? key, isObject(value) ? withoutAxes(value) : value]);
  return {
    class_name: layer.className,
    config: { name, trainable, dtype: 'float32', ...Object.fromEntries(own) },
  };
}

/** An initializer without the axes that Keras 3 lets it count as inputs and outputs. */
const withoutAxes = ({ config, ...rest }: JsonObject): JsonObject => {
  const { input_axes: _, output_axes: __, ...own } = config as JsonObject;
  return { ...rest, config: own };
};

const sequentialConfig = (model: Functional): Config => ({
  name: model.name,
  layers: [...model.inputs.map(({ layer }) => layer), ...model.layers].map(legacyConfig),
});

function functionalConfig(model: Functional): Config {
  const uses = usesIn(model);
  // Keras 2 counts the making of a model as its first use. Keras 3 does not, but for inputs and outputs. With each use
  // of a model said twice, one index leads both, everywhere, to the same use.
  const history = (tensor: KerasTensor) => {
    const { layer } = tensor;
    const use = uses(layer).indexOf(tensor);
    return [layer.name, layer instanceof Functional ? 2 * use + 1 : use, 0] as const;
  };
  const node = ({ inputs }: KerasTensor) => inputs.map((tensor) => [...history(tensor), {}]);
  const nodes = (layer: Layer) => {
    const written = uses(layer).map(node);
    return layer instanceof Functional ? written.flatMap((use) => [use, use]) : written;
  };
  const ends = (tensors: readonly KerasTensor[]) => {
    const list = tensors.map(history);
    const [first, ...others] = list;
    return others.length === 0 ? first : list;
  };
  return {
    name: model.name,
    trainable: model.trainable,
    layers: model.operations.map((layer) => ({
      ...legacyConfig(layer),
      name: layer.name,
      inbound_nodes: layer instanceof InputLayer ? [] : nodes(layer),
    })),
    input_layers: ends(model.inputs),
    output_layers: ends([model.outputTensor]),
  };
}

/** How a model was compiled: the attribute `training_config`. */
export function legacyTraining(
  { optimizer, loss, metrics, weightedMetrics }: Compilation,
  outputShape: Shape,
): Config {
  const made = loss === null ? null : getLoss(loss);
  const list = (all: Compilation['metrics'], isWeighted: boolean) =>
    all.length === 0 || !made
      ? null
      : all.map((metric) => serialize(withDtype(getMetric(metric, { outputShape, loss: made, isWeighted }))));
  return {
    // Keras 3 finds nothing under a short name here.
    loss: made === null ? null : typeof loss === 'string' ? toSnakeCase(made.className) : serialize(made),
    // By their classes: Keras 2 would take accuracy for that of one-hot targets, and names are not the same in both.
    metrics: list(metrics, false),
    weighted_metrics: list(weightedMetrics, true),
    loss_weights: null,
    optimizer_config: optimizerConfig(optimizer),
  };
}

const serialize = (object: Configured): Serialized => ({
  class_name: object.className,
  config: object.getConfig(),
});

/**
 * An optimizer under the name by which Keras 2.11 and later find the one that steps as Keras 3's does: their plain
 * `RMSprop` takes other steps. Keras 3 finds neither, makes one of that `name` with its defaults, and cannot
 * train on with it anyway.
 */
function optimizerConfig(optimizer: Optimizer): Serialized {
  const { className } = optimizer;
  // Options that are not set are left out, since Keras 2 lacks some of them.
  const set = Object.entries(optimizer.getConfig()).filter(
    ([key, value]) => value !== null && key !== 'use_ema' && key !== 'ema_momentum',
  );
  return {
    class_name: `Custom>${className}`,
    config: { ...Object.fromEntries(set), name: className, is_legacy_optimizer: false },
  };
}
