import { ValueError } from '../../errors.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
} from './crossentropy.js';
import { Loss } from './loss.js';
import { MeanSquaredError } from './mean-squared-error.js';

export type { CrossentropyOptions } from './crossentropy.js';
export { BinaryCrossentropy, CategoricalCrossentropy, Loss, MeanSquaredError, SparseCategoricalCrossentropy };

const losses = {
  categorical_crossentropy: CategoricalCrossentropy,
  sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
  binary_crossentropy: BinaryCrossentropy,
  mean_squared_error: MeanSquaredError,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  BinaryCrossentropy,
  MeanSquaredError,
  bce: BinaryCrossentropy,
  BCE: BinaryCrossentropy,
  mse: MeanSquaredError,
  MSE: MeanSquaredError,
} as const;

export type LossName = keyof typeof losses;

/** Finds a loss by Keras's name. */
export function getLoss(identifier: LossName | Loss): Loss {
  if (identifier instanceof Loss) return identifier;
  if (!Object.hasOwn(losses, identifier))
    throw new ValueError(
      `Could not interpret loss identifier: ${identifier}. Hint: one of ${Object.keys(losses).join(', ')}.`,
    );
  return new losses[identifier]();
}
