import { ValueError } from '../../errors.js';
import type { Initializer } from '../initializers.js';
import * as initializers from '../initializers.js';
import { asObject, excerpt, isObject, type JsonObject, toCamelCase } from '../python/json.js';
import { getRegularizer, L1, L1L2, L2, type Regularizer, type RegularizerName } from '../regularizers.js';

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
  Orthogonal: initializers.Orthogonal,
  Identity: initializers.Identity,
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
  if (!isObject(value)) {
    if (value == null) return null;
    return getRegularizer((value === 'l1_l2' ? 'l1l2' : value) as RegularizerName);
  }
  const { class_name, config } = value;
  const amount = (key: string): number => {
    const number = isObject(config) ? (config[key] ?? 0) : 0;
    if (typeof number === 'number' && number >= 0) return number;
    throw new ValueError(
      `Expected a number for '${key}' of a regularizer in ${where}. Received: ${excerpt(number)}.`,
    );
  };
  if (class_name === 'L1') return L1({ l1: amount('l1') });
  if (class_name === 'L2') return L2({ l2: amount('l2') });
  if (class_name === 'L1L2') return L1L2({ l1: amount('l1'), l2: amount('l2') });
  throw new ValueError(
    `Expected one of the regularizers L1, L2, L1L2 in ${where}. Received: ${excerpt(class_name)}.`,
  );
}
