import { ValueError } from '../../../errors.js';
import type { Config } from '../../serialized.js';

/**
 * A learning rate that changes with the step. Subclass it for schedules of your own.
 *
 * @example
 * class Halving extends LearningRateSchedule {
 *   at(step: number) {
 *     return 0.1 * 0.5 ** Math.floor(step / 100);
 *   }
 * }
 *
 * Source: keras.optimizers.schedules.LearningRateSchedule.
 */
export abstract class LearningRateSchedule {
  static readonly className?: string;
  /** Keys of the configuration whose numbers are floats. */
  static readonly floats: readonly string[] = [];

  /** The learning rate for a step, counted from 0. */
  abstract at(step: number): number;

  get className(): string {
    const type = this.constructor as typeof LearningRateSchedule;
    return type.className ?? type.name;
  }

  /** The options under Python's keys. */
  getConfig(): Config {
    throw new ValueError(
      `Learning rate schedule '${this.className}' must override \`getConfig()\` in order to be serializable.`,
    );
  }

  serialize(): Config {
    return {
      module: 'keras.optimizers.schedules',
      class_name: this.className,
      config: this.getConfig(),
      registered_name: null,
    };
  }
}

/** @throws ValueError when there are no steps to decay over. */
export function checkSteps(name: string, steps: number): void {
  if (!(steps > 0)) throw new ValueError(`Argument \`${name}\` must be > 0. Received: ${name}=${steps}`);
}
