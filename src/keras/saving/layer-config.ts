import { ValueError } from '../../errors.js';
import { getActivation } from '../activations.js';
import type { Initializer } from '../initializers.js';
import { Activation } from '../layers/activation.js';
import { Add } from '../layers/add.js';
import { BatchNormalization } from '../layers/batch-normalization.js';
import { Concatenate } from '../layers/concatenate.js';
import { Conv2D } from '../layers/conv2d.js';
import { Dense } from '../layers/dense.js';
import { DepthwiseConv2D } from '../layers/depthwise-conv2d.js';
import { Dropout } from '../layers/dropout.js';
import { ELU } from '../layers/elu.js';
import { Flatten } from '../layers/flatten.js';
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from '../layers/global-pooling2d.js';
import { InputLayer } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import { LeakyReLU } from '../layers/leaky-relu.js';
import { AveragePooling2D, MaxPooling2D } from '../layers/pooling2d.js';
import { ReLU } from '../layers/relu.js';
import { Rescaling } from '../layers/rescaling.js';
import { Reshape } from '../layers/reshape.js';
import { SeparableConv2D } from '../layers/separable-conv2d.js';
import { Softmax } from '../layers/softmax.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import { asList, asObject, asText, excerpt, isObject, type JsonObject, toCamelCase } from '../python/json.js';
import type { Shape } from '../symbolic-shape.js';
import { deserializeInitializer, deserializeRegularizer } from './initializer-config.js';

/** How layers are made of their configurations. */
export interface LayerContext {
  /** Replaces the first values of weights, where others follow at once. */
  readonly firstValues?: (shape: readonly number[]) => Float32Array;
}

const convolution =
  'kernel_size strides padding dilation_rate activation use_bias bias_initializer ' as const;
const pooling = 'pool_size strides padding';

/**
 * Every class of layers with the keys that its constructor takes, in Python's spelling. What else a configuration
 * holds must be what the layer would write itself, or is left unread where the layer knows nothing of it.
 */
const layers: Readonly<Record<string, readonly [type: new (options: never) => Layer, keys: string]>> = {
  Activation: [Activation, 'activation'],
  Add: [Add, ''],
  AveragePooling2D: [AveragePooling2D, pooling],
  BatchNormalization: [
    BatchNormalization,
    'axis momentum epsilon center scale beta_initializer gamma_initializer moving_mean_initializer moving_variance_initializer',
  ],
  Concatenate: [Concatenate, 'axis'],
  Conv2D: [Conv2D, `${convolution} filters groups kernel_initializer`],
  Dense: [
    Dense,
    'units activation use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer',
  ],
  DepthwiseConv2D: [DepthwiseConv2D, `${convolution} depth_multiplier depthwise_initializer`],
  Dropout: [Dropout, 'rate seed'],
  ELU: [ELU, 'alpha'],
  Flatten: [Flatten, ''],
  GlobalAveragePooling2D: [GlobalAveragePooling2D, 'keepdims'],
  GlobalMaxPooling2D: [GlobalMaxPooling2D, 'keepdims'],
  LeakyReLU: [LeakyReLU, 'negative_slope'],
  MaxPooling2D: [MaxPooling2D, pooling],
  ReLU: [ReLU, 'max_value negative_slope threshold'],
  Rescaling: [Rescaling, 'scale offset'],
  Reshape: [Reshape, 'target_shape'],
  SeparableConv2D: [
    SeparableConv2D,
    `${convolution} filters depth_multiplier depthwise_initializer pointwise_initializer`,
  ],
  Softmax: [Softmax, 'axis'],
  ZeroPadding2D: [ZeroPadding2D, 'padding'],
};

/** Whether `deserializeLayer` knows the class. */
export const isLayerClass = (className: string): boolean => Object.hasOwn(layers, className);

/**
 * Makes a layer of its configuration, as Keras 2 or 3 wrote it.
 *
 * @throws ValueError that names the layer when its class is unknown, or asks for what is not supported
 */
export function deserializeLayer(serialized: unknown, context: LayerContext = {}): Layer {
  const { class_name, config: rawConfig } = asObject(serialized, 'a layer');
  const className = asText(class_name, 'the class of a layer');
  const config = asObject(rawConfig, `the config of a layer of class ${className}`);
  const name = asText(config.name, `the name of a layer of class ${className}`);
  if (className === 'InputLayer') return inputLayer(config);
  if (!isLayerClass(className))
    throw new ValueError(
      `Expected layer '${name}' to be one of ${Object.keys(layers).join(', ')}. Received: ${className}. Hint: leave the layer out in Keras, and save the model again.`,
    );

  const [Type, spelled] = layers[className]!;
  const keys = spelled.split(' ').filter((key) => key !== '');
  const where = `layer '${name}' (${className})`;
  const options: Record<string, unknown> = { name };
  for (const key of keys) {
    const value = config[key] ?? config[formerKeys[`${className} ${key}`] ?? ''] ?? config[key];
    if (value === undefined) continue;
    const isFlag = flags.has(key) || flags.has(`${className} ${key}`);
    options[toCamelCase(key)] = isFlag ? flag(key, value, where) : readValue(key, value, where, context);
  }
  const layer = construct(() => new Type(options as never), where);
  if (typeof config.trainable === 'boolean') layer.trainable = config.trainable;
  checkRest(layer, keys, config, where);
  return layer;
}

/** What Keras 2 called a key. */
export const formerKeys: Readonly<Record<string, string>> = { 'LeakyReLU negative_slope': 'alpha' };

/** Brings a value into the form in which constructors take it. */
function readValue(key: string, value: unknown, where: string, { firstValues }: LayerContext): unknown {
  if (key.endsWith('_initializer')) {
    const initializer = deserializeInitializer(value, where);
    return firstValues ? ({ ...initializer, make: firstValues } satisfies Initializer) : initializer;
  }
  if (key.endsWith('_regularizer')) return deserializeRegularizer(value, where);
  if (key === 'activation') return construct(() => getActivation(activationName(value, where)), where);
  // Keras 2 wrote the only axis in a list, and NumPy's numbers as objects.
  if (key === 'axis' && Array.isArray(value) && value.length === 1) return number(key, value[0], where);
  if (value === null) return defaultsToNull.has(key) ? null : undefined;
  if (key === 'padding' && typeof value === 'string') return value;
  if (Array.isArray(value)) return numbers(key, value, where);
  return number(key, value, where);
}

/** Keys that are true or false; where that depends on the class, with the class. */
const flags = new Set(['use_bias', 'center', 'BatchNormalization scale', 'keepdims']);
const defaultsToNull = new Set(['max_value', 'seed', 'strides']);

function flag(key: string, value: unknown, where: string): boolean | undefined {
  if (value === null) return undefined;
  if (typeof value === 'boolean') return value;
  throw new ValueError(`Expected true or false for '${key}' of ${where}. Received: ${excerpt(value)}.`);
}

function number(key: string, value: unknown, where: string): number {
  const plain = isObject(value) && 'value' in value ? value.value : value;
  if (typeof plain === 'number') return plain;
  throw new ValueError(`Expected a number for '${key}' of ${where}. Received: ${excerpt(value)}.`);
}

/** Numbers, or pairs of them. */
const numbers = (key: string, value: readonly unknown[], where: string): unknown[] =>
  value.map((item) =>
    Array.isArray(item) ? item.map((inner) => number(key, inner, where)) : number(key, item, where),
  );

/** Keras 3 writes a function as an object now and then. */
function activationName(value: unknown, where: string): never {
  const name = isObject(value)
    ? isObject(value.config)
      ? value.class_name
      : (value.config ?? value.class_name)
    : value;
  return (name === null || name === undefined ? null : asText(name, `the activation of ${where}`)) as never;
}

/** Lets a constructor's own words through, with the layer's name before them. */
function construct<T>(make: () => T, where: string): T {
  try {
    return make();
  } catch (cause) {
    throw new ValueError(`In ${where}: ${(cause as Error).message}`, { cause });
  }
}

/** Refuses what the layer would not do. */
function checkRest(layer: Layer, keys: readonly string[], config: JsonObject, where: string): void {
  for (const [key, fixed] of Object.entries(layer.getConfig())) {
    if (keys.includes(key) || key === 'name' || key === 'trainable') continue;
    const value = config[key];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(fixed)) continue;
    // These have no effect here: what they penalise never trains, or how they share work among machines.
    if (forwardOnly.has(layer.className) && /_regularizer$/.test(key) && key !== 'activity_regularizer')
      continue;
    if (key === 'synchronized' || key.startsWith('renorm_')) continue;
    throw new ValueError(
      `Expected ${key} ${JSON.stringify(fixed)} in ${where}. Received: ${excerpt(value)}. Hint: change it in Keras and save the model again.`,
    );
  }
}

const forwardOnly = new Set(['Conv2D', 'DepthwiseConv2D', 'SeparableConv2D']);

function inputLayer(config: JsonObject): InputLayer {
  const name = asText(config.name, 'the name of an InputLayer');
  return new InputLayer({ shape: batchShape(config, `layer '${name}' (InputLayer)`)!.slice(1), name });
}

/** The shape, with the batch first, that a layer's configuration gives its input; `null` where it gives none. */
export function batchShape(config: JsonObject, where: string): Shape | null {
  const value = config.batch_shape ?? config.batch_input_shape;
  if (value === undefined || value === null) {
    if (where.endsWith('(InputLayer)'))
      throw new ValueError(`Expected 'batch_shape' for ${where}. Received: nothing.`);
    return null;
  }
  return toShape(value, where);
}

export function toShape(value: unknown, where: string): Shape {
  const dims = asList(value, `the shape of ${where}`);
  for (const dim of dims)
    if (dim !== null && !(Number.isInteger(dim) && (dim as number) > 0))
      throw new ValueError(`Expected whole numbers in the shape of ${where}. Received: ${excerpt(value)}.`);
  if (dims.length < 1 || dims.length > 8)
    throw new ValueError(`Expected 1 to 8 sizes in the shape of ${where}. Received: ${excerpt(value)}.`);
  return dims as Shape;
}
