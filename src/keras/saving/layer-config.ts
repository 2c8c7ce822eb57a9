import { ValueError } from '../../errors.js';
import { getActivation } from '../activations.js';
import type { Initializer } from '../initializers.js';
import { Inert, isInertClass } from '../layers/inert.js';
import { InputLayer } from '../layers/input.js';
import { classOf, type Layer } from '../layers/layer.js';
import { layerClasses } from '../layers/layer-classes.js';
import { asList, asObject, asText, excerpt, isObject, type JsonObject, toCamelCase } from '../python/json.js';
import type { FieldKind } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import {
  deserializeConstraint,
  deserializeInitializer,
  deserializeRegularizer,
} from './initializer-config.js';

/** How layers are made of their configurations. */
export interface LayerContext {
  /** Replaces the first values of weights, where others follow at once. */
  readonly firstValues?: (shape: readonly number[]) => Float32Array;
}

/** Whether `deserializeLayer` knows the class. */
export const isLayerClass = (className: string): boolean => layerClasses.has(className);

/**
 * Makes a layer of its configuration, as Keras 2 or 3 wrote it.
 *
 * @throws ValueError that names the layer, when its class or an option of it is not supported
 */
export function deserializeLayer(serialized: unknown, context: LayerContext = {}): Layer {
  const { class_name, config: rawConfig } = asObject(serialized, 'a layer');
  const className = asText(class_name, 'the class of a layer');
  const config = asObject(rawConfig, `the config of a layer of class ${className}`);
  // Keras 2 had slashes in names, which Keras 3 refuses.
  const name = asText(config.name, `the name of a layer of class ${className}`).replaceAll('/', '_');
  if (className === 'InputLayer') return inputLayer({ ...config, name });
  if (isInertClass(className)) {
    const { name: _, trainable, dtype: __, ...rest } = config;
    return new Inert({ name, className, config: rest, trainable: trainable !== false });
  }
  const Type = layerClasses.get(className);
  if (!Type)
    throw new ValueError(
      `Expected layer '${name}' to be one of ${[...layerClasses.keys()].join(', ')}. Received: ${className}. Hint: leave the layer out in Keras, and save the model again.`,
    );

  const where = `layer '${name}' (${className})`;
  const options: Record<string, unknown> = { name };
  for (const [key, kind] of Object.entries<FieldKind>(Type.fields)) {
    const value = config[key] ?? config[Type.formerFields[key] ?? key];
    if (value !== undefined) options[toCamelCase(key)] = readField({ key, kind, value, where }, context);
  }
  const layer = construct(() => new Type(options as never), where);
  if (typeof config.trainable === 'boolean') layer.trainable = config.trainable;
  checkRest(layer, config, where);
  return layer;
}

interface Field {
  readonly key: string;
  readonly kind: FieldKind;
  readonly value: unknown;
  /** The layer, for messages. */
  readonly where: string;
}

/** Brings a value into the form in which constructors take it; `undefined` stands for the default. */
function readField({ key, kind, value, where }: Field, { firstValues }: LayerContext): unknown {
  switch (kind) {
    case 'initializer': {
      const initializer = deserializeInitializer(value, where);
      return firstValues ? ({ ...initializer, make: firstValues } satisfies Initializer) : initializer;
    }
    case 'regularizer':
      return deserializeRegularizer(value, where);
    case 'constraint':
      return deserializeConstraint(value, where);
    case 'activation':
      return construct(() => getActivation(activationName(value, where)), where);
  }
  if (value === null) return kind.endsWith(' or null') ? null : undefined;
  switch (kind) {
    case 'flag':
      if (typeof value === 'boolean') return value;
      throw new ValueError(`Expected true or false for '${key}' of ${where}. Received: ${excerpt(value)}.`);
    case 'text':
      return asText(value, `'${key}' of ${where}`);
    case 'axis':
      // Keras 2 wrote the only axis in a list.
      return number(key, Array.isArray(value) && value.length === 1 ? value[0] : value, where);
    case 'sizes or null':
      return asList(value, `'${key}' of ${where}`).map((size) =>
        size === null ? null : number(key, size, where),
      );
    default:
      return Array.isArray(value) ? numbers(key, value, where) : number(key, value, where);
  }
}

/** A number, which NumPy may have written as an object. */
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

/** @throws ValueError for a fixed option at another value */
function checkRest(layer: Layer, config: JsonObject, where: string): void {
  const { fields, idleFields } = classOf(layer);
  const open = new Set(['name', 'trainable', ...Object.keys(fields), ...idleFields]);
  for (const [key, fixed] of Object.entries(layer.getConfig())) {
    const value = config[key];
    if (open.has(key) || value === undefined || JSON.stringify(value) === JSON.stringify(fixed)) continue;
    throw new ValueError(
      `Expected ${key} ${JSON.stringify(fixed)} in ${where}. Received: ${excerpt(value)}. Hint: change it in Keras and save the model again.`,
    );
  }
}

function inputLayer(config: JsonObject): InputLayer {
  const name = asText(config.name, 'the name of an InputLayer');
  const [, ...shape] = batchShape(config, `layer '${name}' (InputLayer)`) ?? [];
  return new InputLayer({ shape, name });
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
