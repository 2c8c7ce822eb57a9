import type { Initializer } from '../initializers.js';
import * as initializers from '../initializers.js';
import { ValueError } from '../layers/layer.js';
import { Regularizer } from '../regularizers.js';
import { asObject, excerpt, isObject, type JsonObject, toCamelCase } from './json.js';

/** Initializers by Keras's class name. */
const classes = {
  Zeros: initializers.Zeros,
  Ones: initializers.Ones,
  Constant: initializers.Constant,
  RandomUniform: initializers.RandomUniform,
  RandomNormal: initializers.RandomNormal,
  TruncatedNormal: initializers.TruncatedNormal,
  VarianceScaling: initializers.VarianceScaling,
  GlorotUniform: initializers.GlorotUniform,
  GlorotNormal: initializers.GlorotNormal,
  HeUniform: initializers.HeUniform,
  HeNormal: initializers.HeNormal,
  LecunUniform: initializers.LecunUniform,
  LecunNormal: initializers.LecunNormal,
} as const;

/**
 * Reads an initializer: a name, or a class with its configuration.
 *
 * @param where the layer, for messages
 */
export function deserializeInitializer(value: unknown, where: string): Initializer {
  const name = isObject(value) ? value.class_name : value;
  const unknown = () =>
    new ValueError(
      `Expected one of the initializers ${Object.keys(classes).join(', ')} in ${where}. Received: ${excerpt(name)}.`,
    );
  if (typeof name !== 'string') throw unknown();
  const className = Object.keys(classes).find(
    (candidate) => candidate === name || toSnake(candidate) === name,
  ) as keyof typeof classes | undefined;
  if (!className) throw unknown();
  const config =
    isObject(value) && value.config != null ? asObject(value.config, `an initializer of ${where}`) : {};
  return (classes[className] as (options: object) => Initializer)(numbersAndNames(config));
}

/** What initializers take: numbers and names. Keras 1 and 2 called the truncated normal distribution normal. */
function numbersAndNames(config: JsonObject): object {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config))
    if (typeof value === 'number' || typeof value === 'string') options[toCamelCase(key)] = value;
  if (options.distribution === 'normal') options.distribution = 'truncated_normal';
  if (options.value !== undefined && typeof options.value !== 'number') delete options.value;
  return options;
}

const toSnake = (name: string): string => name.replaceAll(/(.)([A-Z])/g, '$1_$2').toLowerCase();

/** Reads a regularizer: `null`, a name, or a class with its configuration. */
export function deserializeRegularizer(value: unknown, where: string): Regularizer | null {
  if (value == null) return null;
  const name = isObject(value) ? value.class_name : value;
  const config = isObject(value) && isObject(value.config) ? value.config : {};
  const amount = (key: string, fallback: number) => {
    const number = config[key] ?? (isObject(value) ? 0 : fallback);
    if (typeof number === 'number' && number >= 0) return number;
    throw new ValueError(
      `Expected a number for '${key}' of a regularizer in ${where}. Received: ${excerpt(number)}.`,
    );
  };
  const read = { L1: ['l1'], L2: ['l2'], L1L2: ['l1', 'l2'], l1: ['l1'], l2: ['l2'], l1_l2: ['l1', 'l2'] };
  if (typeof name !== 'string' || !Object.hasOwn(read, name))
    throw new ValueError(
      `Expected one of the regularizers L1, L2, L1L2 in ${where}. Received: ${excerpt(name)}.`,
    );
  return new Regularizer(
    Object.fromEntries(read[name as keyof typeof read].map((key) => [key, amount(key, 0.01)])),
  );
}
