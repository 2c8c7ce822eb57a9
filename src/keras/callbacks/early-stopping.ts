import { print as printToConsole } from '#platform';
import { named } from '../../named-options.js';
import type { Logs, Print } from './callback.js';
import { MonitorCallback, type MonitorOptions } from './monitor-callback.js';

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement after which training stops. Default: 0. */
  patience?: number;
  /** 1 tells of each stop and each return to the best weights. Default: 0. */
  verbose?: 0 | 1;
  /** Puts the weights of the best epoch back in the end, whether training was stopped or not. Default: false. */
  restoreBestWeights?: boolean;
  /** Epochs to let pass before watching. Default: 0. */
  startFromEpoch?: number;
  /** Writes messages. Default: to standard output. */
  print?: Print;
}

/**
 * Stops training when a value no longer improves: `keras.callbacks.EarlyStopping`.
 *
 * With a `baseline`, improvements that do not beat it do not reset the patience.
 */
export class EarlyStopping extends MonitorCallback {
  readonly #options: {
    patience: number;
    verbose: number;
    restoreBestWeights: boolean;
    startFromEpoch: number;
  };
  readonly #baseline: number | null;
  readonly #print: Print;
  wait = 0;
  /** The epoch in which it stopped training; 0 if it did not. */
  stoppedEpoch = 0;
  bestEpoch = 0;
  bestWeights: Float32Array[] | null = null;

  constructor(options: EarlyStoppingOptions = {}) {
    const {
      patience = 0,
      verbose = 0,
      baseline = null,
      restoreBestWeights = false,
      startFromEpoch = 0,
      print = printToConsole,
      ...others
    } = named(options, new.target);
    super(others);
    this.#options = { patience, verbose, restoreBestWeights, startFromEpoch };
    this.#baseline = baseline;
    this.#print = print;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.best = null;
    this.bestWeights = null;
  }

  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    const { patience, restoreBestWeights, startFromEpoch } = this.#options;
    this.findSign();
    const current = this.monitored(logs);
    if (current === undefined) {
      this.warn(
        `Early stopping conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${Object.keys(logs).join(',')}`,
      );
      return;
    }
    if (epoch < startFromEpoch) return;
    if (restoreBestWeights && this.bestWeights === null) this.#keepBest(epoch);

    this.wait += 1;
    if (this.isImprovement(current, this.best)) {
      this.best = current;
      this.#keepBest(epoch);
      if (this.isImprovement(current, this.#baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    const { verbose, restoreBestWeights } = this.#options;
    if (this.stoppedEpoch > 0 && verbose > 0) this.#print(`Epoch ${this.stoppedEpoch + 1}: early stopping\n`);
    if (!restoreBestWeights || this.bestWeights === null) return;
    if (verbose > 0)
      this.#print(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.\n`);
    this.model.setWeights(this.bestWeights);
  }

  #keepBest(epoch: number): void {
    this.bestEpoch = epoch;
    if (this.#options.restoreBestWeights) this.bestWeights = this.model.getWeights();
  }
}
