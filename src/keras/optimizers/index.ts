import { ValueError } from '../../errors.js';
import { Adadelta } from './adadelta.js';
import { Adafactor } from './adafactor.js';
import { Adagrad } from './adagrad.js';
import { Adam, AdamW } from './adam.js';
import { Adamax } from './adamax.js';
import { Lion } from './lion.js';
import { Nadam } from './nadam.js';
import { Optimizer } from './optimizer.js';
import { RMSprop } from './rmsprop.js';
import { SGD } from './sgd.js';

export type { AdadeltaOptions } from './adadelta.js';
export type { AdafactorOptions } from './adafactor.js';
export type { AdagradOptions } from './adagrad.js';
export type { AdamOptions } from './adam.js';
export type { AdamaxOptions } from './adamax.js';
export type { LionOptions } from './lion.js';
export type { NadamOptions } from './nadam.js';
export { Optimizer, type OptimizerOptions, type WeightDecayExclusion } from './optimizer.js';
export type { RMSpropOptions } from './rmsprop.js';
export * from './schedules/index.js';
export type { SGDOptions } from './sgd.js';
export { Adadelta, Adafactor, Adagrad, Adam, Adamax, AdamW, Lion, Nadam, RMSprop, SGD };

const classes = { RMSprop, SGD, Adam, AdamW, Adadelta, Adafactor, Adagrad, Adamax, Lion, Nadam } as const;

type ClassName = keyof typeof classes;
export type OptimizerName = ClassName | Lowercase<ClassName>;

const byName = new Map(Object.entries(classes).map(([name, type]) => [name.toLowerCase(), type]));

/** Finds an optimizer by Keras's name, however its letters are written, with its defaults. */
export function getOptimizer(identifier: OptimizerName | Optimizer): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  const found = byName.get(String(identifier).toLowerCase());
  if (found) return new found();
  throw new ValueError(
    `Could not interpret optimizer identifier: ${identifier}. Hint: one of ${[...byName.keys()].join(', ')}.`,
  );
}
