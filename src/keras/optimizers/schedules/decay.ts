import { ValueError } from '../../../errors.js';
import { named, refuseOthers } from '../../../named-options.js';
import type { Config } from '../../serialized.js';
import { checkSteps, LearningRateSchedule } from './schedule.js';

export interface DecayOptions {
  /** Rate at step 0. */
  initialLearningRate: number;
  /** Steps over which the rate falls by one `decayRate`. */
  decaySteps: number;
  /** Strength of the decay; see the class. */
  decayRate: number;
  /** Whether it falls at multiples of `decaySteps` only. Default `false`. */
  staircase?: boolean;
  /** Default: the class. */
  name?: string;
}

/** The base of two decays; p counts how often `decaySteps` have passed. */
abstract class RateDecay extends LearningRateSchedule {
  static override readonly floats = ['initial_learning_rate', 'decay_rate'];
  protected readonly options: Required<DecayOptions>;

  constructor(options: DecayOptions) {
    const {
      initialLearningRate,
      decaySteps,
      decayRate,
      staircase = false,
      name,
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    super();
    checkSteps('decay_steps', decaySteps);
    this.options = { initialLearningRate, decaySteps, decayRate, staircase, name: name ?? this.className };
  }

  protected passed(step: number): number {
    const { decaySteps, staircase } = this.options;
    // In single precision, as Keras divides, so that stairs are the same.
    const p = Math.fround(step / decaySteps);
    return staircase ? Math.floor(p) : p;
  }

  override getConfig(): Config {
    const { initialLearningRate, decaySteps, decayRate, staircase, name } = this.options;
    return {
      initial_learning_rate: initialLearningRate,
      decay_steps: decaySteps,
      decay_rate: decayRate,
      staircase,
      name,
    };
  }
}

/** initial · decayRate^p, p = step / decaySteps. Source: keras.optimizers.schedules.ExponentialDecay. */
export class ExponentialDecay extends RateDecay {
  static override readonly className = 'ExponentialDecay';

  override at(step: number): number {
    return this.options.initialLearningRate * this.options.decayRate ** this.passed(step);
  }
}

/** initial / (1 + decayRate · p), p = step / decaySteps. Source: keras.optimizers.schedules.InverseTimeDecay. */
export class InverseTimeDecay extends RateDecay {
  static override readonly className = 'InverseTimeDecay';

  override at(step: number): number {
    return this.options.initialLearningRate / (1 + this.options.decayRate * this.passed(step));
  }
}

export interface PiecewiseConstantDecayOptions {
  /** Steps, increasing: each is the last at which the value before it holds. */
  boundaries: readonly number[];
  /** One more than boundaries. */
  values: readonly number[];
  /** Default `'PiecewiseConstant'`. */
  name?: string;
}

/**
 * values[0] up to and with step boundaries[0], values[1] up to boundaries[1], and so on.
 *
 * Source: keras.optimizers.schedules.PiecewiseConstantDecay.
 */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static override readonly className = 'PiecewiseConstantDecay';
  static override readonly floats = ['values'];

  readonly #options: Required<PiecewiseConstantDecayOptions>;

  constructor(options: PiecewiseConstantDecayOptions) {
    const { boundaries, values, name = 'PiecewiseConstant', ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    super();
    if (boundaries.length !== values.length - 1)
      throw new ValueError(
        `The length of boundaries should be 1 less than the length of values. Received: boundaries=[${boundaries.join(', ')}] of length ${boundaries.length}, and values=[${values.join(', ')}] of length ${values.length}.`,
      );
    this.#options = { boundaries, values, name };
  }

  override at(step: number): number {
    const { boundaries, values } = this.#options;
    const interval = boundaries.findIndex((boundary) => step <= boundary);
    return values.at(interval) ?? Number.NaN;
  }

  override getConfig(): Config {
    const { boundaries, values, name } = this.#options;
    return { boundaries, values, name };
  }
}

export interface PolynomialDecayOptions {
  /** Rate at step 0. */
  initialLearningRate: number;
  /** Steps until `endLearningRate` is reached. */
  decaySteps: number;
  /** Rate from `decaySteps` on. Default 0.0001. */
  endLearningRate?: number;
  /** Of the polynomial. Default 1, a straight line. */
  power?: number;
  /** Whether the rate rises again behind `decaySteps`, to fall over a multiple of them. Default `false`. */
  cycle?: boolean;
  /** Default `'PolynomialDecay'`. */
  name?: string;
}

/**
 * Falls from the initial rate to the end rate, in a straight line with the default power of 1:
 * (initial − end)·(1 − step/decaySteps)^power + end.
 *
 * Source: keras.optimizers.schedules.PolynomialDecay.
 */
export class PolynomialDecay extends LearningRateSchedule {
  static override readonly className = 'PolynomialDecay';
  static override readonly floats = ['initial_learning_rate', 'end_learning_rate', 'power'];

  readonly #options: Required<PolynomialDecayOptions>;

  constructor(options: PolynomialDecayOptions) {
    const {
      initialLearningRate,
      decaySteps,
      endLearningRate = 0.0001,
      power = 1,
      cycle = false,
      name = 'PolynomialDecay',
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    super();
    checkSteps('decay_steps', decaySteps);
    this.#options = { initialLearningRate, decaySteps, endLearningRate, power, cycle, name };
  }

  override at(step: number): number {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = this.#options;
    const cycles = cycle && step > 0 ? Math.ceil(Math.fround(step / decaySteps)) : 1;
    const steps = decaySteps * cycles;
    const left = 1 - Math.min(step, steps) / steps;
    return (initialLearningRate - endLearningRate) * left ** power + endLearningRate;
  }

  override getConfig(): Config {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle, name } = this.#options;
    return {
      initial_learning_rate: initialLearningRate,
      decay_steps: decaySteps,
      end_learning_rate: endLearningRate,
      power,
      cycle,
      name,
    };
  }
}
