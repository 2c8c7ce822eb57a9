import { print as printToConsole } from '#platform';
import { named } from '../../named-options.js';
import { Progbar } from '../progbar.js';
import { Callback, type CallbackParams, type Clock, type Logs, type Print } from './callback.js';

export interface ProgbarLoggerOptions {
  /** Writes the bar. Default: to standard output. */
  print?: Print;
  /** The clock. Default: the system's. */
  now?: Clock;
  /** Redraws the bar in place. Default: true. */
  dynamicDisplay?: boolean;
}

/** Shows progress and metrics: `keras.callbacks.ProgbarLogger`, which `fit` adds unless `verbose` is 0. */
export class ProgbarLogger extends Callback {
  readonly #options: ProgbarLoggerOptions;
  readonly #print: Print;
  #verbose: 0 | 1 | 2 = 1;
  #epochs = 1;
  #target: number | null = null;
  #seen = 0;
  #progbar?: Progbar;
  /** Within `fit`, validation is silent. */
  #calledInFit = false;

  constructor(options: ProgbarLoggerOptions = {}) {
    const { print, now, dynamicDisplay, ...others } = named(options, new.target);
    super(others);
    this.#options = { print, now, dynamicDisplay };
    this.#print = print ?? printToConsole;
  }

  override get needsEveryBatch(): boolean {
    return false;
  }

  override get needsEveryTestBatch(): boolean {
    return false;
  }

  override setParams(params: CallbackParams): void {
    super.setParams(params);
    this.#verbose = params.verbose === 'auto' ? 1 : params.verbose;
    this.#epochs = params.epochs;
    this.#target = params.steps;
  }

  override onTrainBegin(): void {
    this.#calledInFit = true;
  }

  override onEpochBegin(epoch: number): void {
    this.#reset();
    if (this.#verbose && this.#epochs > 1) this.#print(`Epoch ${epoch + 1}/${this.#epochs}\n`);
  }

  override onTrainBatchEnd(batch: number, logs?: Logs): void {
    this.#update(batch, logs);
  }

  override onEpochEnd(_epoch: number, logs?: Logs): void {
    this.#finalize(logs);
  }

  override onTestBegin(): void {
    if (!this.#calledInFit) this.#reset();
  }

  override onTestBatchEnd(batch: number, logs?: Logs): void {
    if (!this.#calledInFit) this.#update(batch, logs);
  }

  override onTestEnd(logs?: Logs): void {
    if (!this.#calledInFit) this.#finalize(logs);
  }

  override onPredictBegin(): void {
    this.#reset();
  }

  override onPredictBatchEnd(batch: number): void {
    this.#update(batch);
  }

  override onPredictEnd(logs?: Logs): void {
    this.#finalize(logs);
  }

  #reset(): void {
    this.#seen = 0;
    this.#progbar = this.#newProgbar();
  }

  #newProgbar(): Progbar {
    const { print, now, dynamicDisplay } = this.#options;
    return new Progbar({
      target: this.#target,
      verbose: this.#verbose,
      statelessMetrics: [],
      print,
      now,
      dynamicDisplay,
    });
  }

  #update(batch: number, logs: Logs = {}): void {
    this.#progbar ??= this.#newProgbar();
    this.#seen = batch + 1;
    if (this.#verbose === 1) this.#progbar.update(this.#seen, Object.entries(logs), false);
  }

  #finalize(logs: Logs = {}): void {
    this.#progbar ??= this.#newProgbar();
    this.#target ??= this.#seen;
    this.#progbar.target = this.#target;
    this.#progbar.update(this.#target, Object.entries(logs), true);
  }
}
