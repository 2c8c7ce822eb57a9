import { ValueError } from '../layers/layer.js';
import { Optimizer } from './optimizer.js';
import { RMSprop } from './rmsprop.js';

export { Optimizer, type OptimizerOptions } from './optimizer.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { type LearningRateSchedule, PolynomialDecay, type PolynomialDecayOptions } from './schedules.js';

const optimizers = { rmsprop: RMSprop } as const;

export type OptimizerName = keyof typeof optimizers;

/** Finds an optimizer by Keras's name, with its defaults. */
export function getOptimizer(identifier: OptimizerName | Optimizer): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  if (!Object.hasOwn(optimizers, identifier))
    throw new ValueError(
      `Expected one of the optimizers ${Object.keys(optimizers).join(', ')}. Received: '${identifier}'.`,
    );
  return new optimizers[identifier]();
}
