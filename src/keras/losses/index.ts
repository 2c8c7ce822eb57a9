import { ValueError } from '../../errors.js';
import { type SnakeCase, toSnakeCase } from '../naming.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
} from './crossentropy.js';
import { BinaryFocalCrossentropy, CategoricalFocalCrossentropy } from './focal.js';
import { CategoricalHinge, Hinge, SquaredHinge } from './hinge.js';
import { Loss } from './loss.js';
import { Dice, Tversky } from './overlap.js';
import {
  Huber,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
} from './regression.js';
import { CosineSimilarity, KLDivergence } from './row-losses.js';

export type { CrossentropyOptions, SmoothedCrossentropyOptions } from './crossentropy.js';
export type { BinaryFocalCrossentropyOptions, CategoricalFocalCrossentropyOptions } from './focal.js';
export { Loss, type LossOptions, type LossReduction } from './loss.js';
export type { DiceOptions, TverskyOptions } from './overlap.js';
export type { HuberOptions } from './regression.js';

const classes = {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalHinge,
  CosineSimilarity,
  Dice,
  Hinge,
  Huber,
  KLDivergence,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  SparseCategoricalCrossentropy,
  SquaredHinge,
  Tversky,
} as const;

export {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalHinge,
  CosineSimilarity,
  Dice,
  Hinge,
  Huber,
  KLDivergence,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  SparseCategoricalCrossentropy,
  SquaredHinge,
  Tversky,
};

const aliases = {
  bce: BinaryCrossentropy,
  BCE: BinaryCrossentropy,
  kld: KLDivergence,
  KLD: KLDivergence,
  kl_divergence: KLDivergence,
  mae: MeanAbsoluteError,
  MAE: MeanAbsoluteError,
  mape: MeanAbsolutePercentageError,
  MAPE: MeanAbsolutePercentageError,
  mse: MeanSquaredError,
  MSE: MeanSquaredError,
  msle: MeanSquaredLogarithmicError,
  MSLE: MeanSquaredLogarithmicError,
} as const;

type ClassName = keyof typeof classes;
export type LossName = SnakeCase<Exclude<ClassName, 'KLDivergence'>> | ClassName | keyof typeof aliases;

const byName = new Map<string, new () => Loss>([
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
