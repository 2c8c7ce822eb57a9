import { named, refuseOthers } from '../../../named-options.js';
import type { Config } from '../../serialized.js';
import { checkSteps, LearningRateSchedule } from './schedule.js';

/** From 1 to `alpha` along half a cosine, `done` going from 0 to 1. */
const halfCosine = (done: number, alpha: number, height = 1): number =>
  (1 - alpha) * 0.5 * height * (1 + Math.cos(Math.PI * done)) + alpha;

export interface CosineDecayOptions {
  /** Rate at step 0. */
  initialLearningRate: number;
  /** Steps of the fall, not counting those of the warmup. */
  decaySteps: number;
  /** The rate at the end, as a share of that at the beginning of the fall. Default 0. */
  alpha?: number;
  /** Default `'CosineDecay'`. */
  name?: string;
  /** The rate that the warmup rises to in a straight line. Default `null`: no warmup. */
  warmupTarget?: number | null;
  /** Steps of the warmup. Default 0. */
  warmupSteps?: number;
}

/**
 * Rises to `warmupTarget`, then falls along half a cosine.
 *
 * Source: keras.optimizers.schedules.CosineDecay; https://arxiv.org/abs/1608.03983.
 */
export class CosineDecay extends LearningRateSchedule {
  static override readonly className = 'CosineDecay';
  static override readonly floats = ['initial_learning_rate', 'alpha', 'warmup_target'];

  readonly #options: Required<CosineDecayOptions>;

  constructor(options: CosineDecayOptions) {
    const {
      initialLearningRate,
      decaySteps,
      alpha = 0,
      name = 'CosineDecay',
      warmupTarget = null,
      warmupSteps = 0,
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    super();
    checkSteps('decay_steps', decaySteps);
    this.#options = { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps };
  }

  override at(step: number): number {
    const { initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps } = this.#options;
    const fall = (from: number, steps: number) =>
      from * halfCosine(Math.min(steps, decaySteps) / decaySteps, alpha);
    if (warmupTarget === null) return fall(initialLearningRate, step);
    if (step >= warmupSteps) return fall(warmupTarget, step - warmupSteps);
    return (warmupTarget - initialLearningRate) * (step / warmupSteps) + initialLearningRate;
  }

  override getConfig(): Config {
    const { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps } = this.#options;
    return {
      initial_learning_rate: initialLearningRate,
      decay_steps: decaySteps,
      alpha,
      name,
      warmup_target: warmupTarget,
      warmup_steps: warmupSteps,
    };
  }
}

export interface CosineDecayRestartsOptions {
  /** Rate at step 0. */
  initialLearningRate: number;
  /** Steps of the first period. */
  firstDecaySteps: number;
  /** Each period is so many times longer than the last. Default 2. */
  tMul?: number;
  /** Each period starts at so many times the rate of the last. Default 1. */
  mMul?: number;
  /** The lowest rate, as a share of the initial one. Default 0. */
  alpha?: number;
  /** Default `'SGDRDecay'`. */
  name?: string;
}

/**
 * Falls along half a cosine again and again.
 *
 * Source: keras.optimizers.schedules.CosineDecayRestarts; https://arxiv.org/abs/1608.03983.
 */
export class CosineDecayRestarts extends LearningRateSchedule {
  static override readonly className = 'CosineDecayRestarts';
  static override readonly floats = ['initial_learning_rate', 't_mul', 'm_mul', 'alpha'];

  readonly #options: Required<CosineDecayRestartsOptions>;

  constructor(options: CosineDecayRestartsOptions) {
    const {
      initialLearningRate,
      firstDecaySteps,
      tMul = 2,
      mMul = 1,
      alpha = 0,
      name = 'SGDRDecay',
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    super();
    checkSteps('first_decay_steps', firstDecaySteps);
    this.#options = { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name };
  }

  override at(step: number): number {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha } = this.#options;
    const { restarts, done } = periodAt(step / firstDecaySteps, tMul);
    return initialLearningRate * halfCosine(done, alpha, mMul ** restarts);
  }

  override getConfig(): Config {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name } = this.#options;
    return {
      initial_learning_rate: initialLearningRate,
      first_decay_steps: firstDecaySteps,
      t_mul: tMul,
      m_mul: mMul,
      alpha,
      name,
    };
  }
}

/**
 * In which period lies x, counted in first periods, and how much of it is done. The i-th begins at
 * (1 − tⁱ) / (1 − t). In single precision, as Keras computes it, so that restarts fall on the same steps.
 */
function periodAt(x: number, tMul: number): { restarts: number; done: number } {
  const { fround, floor, log } = Math;
  const periods = fround(x);
  const t = fround(tMul);
  if (t === 1) return { restarts: floor(periods), done: periods - floor(periods) };
  const growth = fround(1 - fround(periods * fround(1 - t)));
  const restarts = floor(fround(fround(log(growth)) / fround(log(t))));
  const length = fround(t ** restarts);
  const began = fround(fround(1 - length) / fround(1 - t));
  return { restarts, done: fround(fround(periods - began) / length) };
}
