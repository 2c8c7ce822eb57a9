import { ValueError } from '../../errors.js';
import { type SnakeCase, toSnakeCase } from '../naming.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
} from './crossentropy.js';
import { Loss } from './loss.js';
import { MeanSquaredError } from './mean-squared-error.js';

export type { CrossentropyOptions, SmoothedCrossentropyOptions } from './crossentropy.js';
export { Loss, type LossOptions } from './loss.js';
export { BinaryCrossentropy, CategoricalCrossentropy, MeanSquaredError, SparseCategoricalCrossentropy };

const classes = {
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  BinaryCrossentropy,
  MeanSquaredError,
} as const;
const aliases = {
  bce: BinaryCrossentropy,
  BCE: BinaryCrossentropy,
  mse: MeanSquaredError,
  MSE: MeanSquaredError,
} as const;

type ClassName = keyof typeof classes;
export type LossName = SnakeCase<ClassName> | ClassName | keyof typeof aliases;

const byName = new Map([
  ...Object.entries(classes).map(([name, type]) => [toSnakeCase(name), type] as const),
  ...Object.entries(classes),
  ...Object.entries(aliases),
]);

/** Finds a loss by Keras's name, with its defaults. @throws ValueError for an unknown name */
export function getLoss(identifier: LossName | Loss): Loss {
  if (identifier instanceof Loss) return identifier;
  const found = byName.get(identifier);
  if (found) return new found();
  throw new ValueError(
    `Could not interpret loss identifier: ${identifier}. Hint: one of ${[...byName.keys()].join(', ')}.`,
  );
}
