import { print as printToConsole } from '#platform';
import { ValueError } from '../../errors.js';
import { named } from '../../named-options.js';
import { floatRepr } from '../python/format.js';
import { Callback, type Logs, type Print } from './callback.js';

export interface LearningRateSchedulerOptions {
  /** The learning rate of an epoch, counted from 0, given the present one. */
  schedule: (epoch: number, learningRate: number) => number;
  /** 1 tells of each rate. Default: 0. */
  verbose?: 0 | 1;
  /** Writes messages. Default: to standard output. */
  print?: Print;
}

/** Sets the learning rate of every epoch: `keras.callbacks.LearningRateScheduler`. */
export class LearningRateScheduler extends Callback {
  readonly #options: Required<LearningRateSchedulerOptions>;

  constructor(options: LearningRateSchedulerOptions) {
    const { schedule, verbose = 0, print = printToConsole, ...others } = named(options, new.target);
    super(others);
    this.#options = { schedule, verbose, print };
  }

  override onEpochBegin(epoch: number): void {
    const { schedule, verbose, print } = this.#options;
    const { optimizer } = this.model;
    const learningRate = schedule(epoch, Math.fround(optimizer.learningRate));
    if (typeof learningRate !== 'number')
      throw new ValueError(
        `The output of the \`schedule\` function should be a float. Got: ${String(learningRate)}`,
      );
    optimizer.learningRate = learningRate;
    if (verbose > 0)
      print(
        `\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${floatRepr(learningRate)}.\n`,
      );
  }

  /** Adds `learning_rate` to the logs. */
  override onEpochEnd(_epoch: number, logs: Logs = {}): void {
    logs.learning_rate = Math.fround(this.model.optimizer.learningRate);
  }
}
