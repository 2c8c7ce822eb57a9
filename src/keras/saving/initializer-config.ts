import { ValueError } from '../../errors.js';
import { pickKnown } from '../../named-options.js';
import { type Constraint, type ConstraintName, constraintClasses, getConstraint } from '../constraints.js';
import { findInitializerClass, type Initializer, initializerClasses } from '../initializers.js';
import { asObject, excerpt, isObject, type JsonObject, toCamelCase } from '../python/json.js';
import {
  getRegularizer,
  type Regularizer,
  type RegularizerName,
  regularizerClasses,
} from '../regularizers.js';

/**
 * Reads an initializer: a name, or a class with its configuration.
 *
 * @param where the layer, for messages
 */
export function deserializeInitializer(value: unknown, where: string): Initializer {
  const name = isObject(value) ? value.class_name : value;
  const found = typeof name === 'string' ? findInitializerClass(name) : undefined;
  if (!found)
    throw new ValueError(
      `Expected one of the initializers ${[...initializerClasses.keys()].join(', ')} in ${where}. Received: ${excerpt(name)}.`,
    );
  const config =
    isObject(value) && value.config != null ? asObject(value.config, `an initializer of ${where}`) : {};
  return found(pickKnown(numbersAndNames(config), found));
}

/** The numbers and names of a configuration, as initializers take them. Keras 1 and 2 called the truncated normal distribution normal. */
function numbersAndNames(config: JsonObject): object {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config))
    if (typeof value === 'number' || typeof value === 'string') options[toCamelCase(key)] = value;
  if (options.distribution === 'normal') options.distribution = 'truncated_normal';
  if (options.value !== undefined && typeof options.value !== 'number') delete options.value;
  return options;
}

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
  const found = regularizerClasses.get(String(class_name));
  if (found) return found(pickKnown({ l1: amount('l1'), l2: amount('l2') }, found));
  throw new ValueError(
    `Expected one of the regularizers ${[...regularizerClasses.keys()].join(', ')} in ${where}. Received: ${excerpt(class_name)}.`,
  );
}

/** Reads a constraint: `null`, a name, or a class with its configuration. */
export function deserializeConstraint(value: unknown, where: string): Constraint | null {
  if (value == null) return null;
  if (!isObject(value)) return getConstraint(value as ConstraintName);
  const { class_name, config } = value;
  const found = constraintClasses.get(String(class_name));
  if (!found)
    throw new ValueError(
      `Expected one of the constraints ${[...constraintClasses.keys()].join(', ')} in ${where}. Received: ${excerpt(class_name)}.`,
    );
  const options = Object.entries(isObject(config) ? config : {}).map(([key, item]) => [
    toCamelCase(key),
    item,
  ]);
  return new found(Object.fromEntries(options) as never);
}
