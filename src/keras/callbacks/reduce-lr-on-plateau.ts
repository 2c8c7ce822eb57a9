import { print as printToConsole } from '#platform';
import { ValueError } from '../../errors.js';
import { named } from '../../named-options.js';
import { floatRepr } from '../python/format.js';
import type { Logs, Print } from './callback.js';
import { MonitorCallback, type MonitorOptions } from './monitor-callback.js';

export interface ReduceLROnPlateauOptions extends Omit<MonitorOptions, 'baseline'> {
  /** The learning rate is multiplied by this; less than 1. Default: 0.1. */
  factor?: number;
  /** Epochs without improvement after which it is. Default: 10. */
  patience?: number;
  /** 1 tells of each reduction. Default: 0. */
  verbose?: 0 | 1;
  /** Epochs to wait after a reduction before counting again. Default: 0. */
  cooldown?: number;
  /** The learning rate does not go below. Default: 0. */
  minLr?: number;
  /** Writes messages. Default: to standard output. */
  print?: Print;
}

/** Lowers the learning rate when a value no longer improves: `keras.callbacks.ReduceLROnPlateau`. */
export class ReduceLROnPlateau extends MonitorCallback {
  readonly #options: { factor: number; patience: number; verbose: number; cooldown: number; minLr: number };
  readonly #print: Print;
  wait = 0;
  cooldownCounter = 0;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    const {
      factor = 0.1,
      patience = 10,
      verbose = 0,
      cooldown = 0,
      minLr = 0,
      minDelta = 1e-4,
      print = printToConsole,
      ...others
    } = named(options, new.target);
    super({ ...others, minDelta });
    if (factor >= 1)
      throw new ValueError(
        `ReduceLROnPlateau does not support a factor >= 1.0. Received factor=${floatRepr(factor)}`,
      );
    this.#options = { factor, patience, verbose, cooldown, minLr };
    this.#print = print;
  }

  override onTrainBegin(): void {
    this.best = null;
    this.cooldownCounter = 0;
    this.wait = 0;
  }

  /** Adds `learning_rate` to the logs. */
  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    this.findSign();
    logs.learning_rate = Math.fround(this.model.optimizer.learningRate);
    const current = this.monitored(logs);
    if (current === undefined) {
      this.warn(
        `Learning rate reduction is conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${Object.keys(logs).join(',')}.`,
      );
      return;
    }
    if (this.cooldownCounter > 0) {
      this.cooldownCounter -= 1;
      this.wait = 0;
    }
    if (this.isImprovement(current, this.best)) {
      this.best = current;
      this.wait = 0;
    } else if (this.cooldownCounter === 0) {
      this.wait += 1;
      if (this.wait >= this.#options.patience && this.#reduce(epoch)) {
        this.cooldownCounter = this.#options.cooldown;
        this.wait = 0;
      }
    }
  }

  /** Whether there was room above `minLr`. */
  #reduce(epoch: number): boolean {
    const { factor, minLr, verbose } = this.#options;
    const { optimizer } = this.model;
    const old = Math.fround(optimizer.learningRate);
    if (!(old > Math.fround(minLr))) return false;
    const reduced = Math.max(old * factor, minLr);
    optimizer.learningRate = reduced;
    if (verbose > 0)
      this.#print(
        `\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${floatRepr(reduced)}.\n`,
      );
    return true;
  }
}
