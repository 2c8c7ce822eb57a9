import { ValueError } from '../../errors.js';
import { Adam, AdamW } from './adam.js';
import { Optimizer } from './optimizer.js';
import { RMSprop } from './rmsprop.js';
import { SGD } from './sgd.js';

export { Adam, type AdamOptions, AdamW } from './adam.js';
export { Optimizer, type OptimizerOptions } from './optimizer.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export * from './schedules/index.js';
export { SGD, type SGDOptions } from './sgd.js';

const optimizers = { rmsprop: RMSprop, sgd: SGD, adam: Adam, adamw: AdamW } as const;

export type OptimizerName = keyof typeof optimizers | 'RMSprop' | 'SGD' | 'Adam' | 'AdamW';

/** Finds an optimizer by Keras's name, however its letters are written, with its defaults. */
export function getOptimizer(identifier: OptimizerName | Optimizer): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  const name = String(identifier).toLowerCase();
  if (!Object.hasOwn(optimizers, name))
    throw new ValueError(
      `Could not interpret optimizer identifier: ${identifier}. Hint: one of ${Object.keys(optimizers).join(', ')}.`,
    );
  return new optimizers[name as keyof typeof optimizers]();
}
