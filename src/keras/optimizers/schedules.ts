import type { Config } from '../layers/layer.js';

/** A learning rate that changes with the step: `keras.optimizers.schedules.LearningRateSchedule`. */
export interface LearningRateSchedule {
  /** The learning rate for a step, counted from 0. */
  at(step: number): number;
  serialize(): Config;
}

export interface PolynomialDecayOptions {
  initialLearningRate: number;
  /** Steps until `endLearningRate` is reached. */
  decaySteps: number;
  endLearningRate?: number;
  power?: number;
  name?: string;
}

/**
 * Falls from the initial rate to the end rate, in a straight line with the default power of 1:
 * (initial − end)·(1 − step/decaySteps)^power + end.
 *
 * Source: keras.optimizers.schedules.PolynomialDecay.
 */
export class PolynomialDecay implements LearningRateSchedule {
  readonly #options: Required<PolynomialDecayOptions>;

  constructor({
    endLearningRate = 0.0001,
    power = 1,
    name = 'PolynomialDecay',
    ...options
  }: PolynomialDecayOptions) {
    this.#options = { ...options, endLearningRate, power, name };
  }

  at(step: number): number {
    const { initialLearningRate, decaySteps, endLearningRate, power } = this.#options;
    const left = 1 - Math.min(step, decaySteps) / decaySteps;
    return (initialLearningRate - endLearningRate) * left ** power + endLearningRate;
  }

  serialize(): Config {
    const { initialLearningRate, decaySteps, endLearningRate, power, name } = this.#options;
    return {
      module: 'keras.optimizers.schedules',
      class_name: 'PolynomialDecay',
      config: {
        initial_learning_rate: initialLearningRate,
        decay_steps: decaySteps,
        end_learning_rate: endLearningRate,
        power,
        cycle: false,
        name,
      },
      registered_name: null,
    };
  }
}
