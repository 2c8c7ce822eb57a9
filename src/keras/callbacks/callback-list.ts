import { named } from '../../named-options.js';
import {
  Callback,
  type CallbackModel,
  type CallbackParams,
  type Clock,
  type Hook,
  type Logs,
  type PredictLogs,
  type Print,
} from './callback.js';
import { History } from './history.js';
import { ProgbarLogger } from './progbar-logger.js';

export interface CallbackListOptions {
  /** Callbacks, or lists of them. Default: none. */
  callbacks?: Callback | readonly (Callback | readonly Callback[])[];
  /** Adds a `History` unless there is one. Default: false. */
  addHistory?: boolean;
  /** Adds a `ProgbarLogger` unless there is one. Default: false. */
  addProgbar?: boolean;
  /** The model of the run. Default: none as yet. */
  model?: CallbackModel;
  /** The run. Default: none as yet. */
  params?: CallbackParams;
  /** Writes the bar of the added `ProgbarLogger`. Default: to standard output. */
  print?: Print;
  /** Its clock. Default: the system's. */
  now?: Clock;
}

/**
 * Calls many callbacks as one, each after the one before it is done: `keras.callbacks.CallbackList`.
 *
 * Logs reach the callbacks with their keys sorted, as Keras's `pythonify_logs` leaves them.
 */
export class CallbackList extends Callback {
  readonly callbacks: Callback[];
  readonly history?: History;

  constructor(options: CallbackListOptions = {}) {
    const {
      callbacks = [],
      addHistory = false,
      addProgbar = false,
      model,
      params,
      print,
      now,
      ...others
    } = named(options, new.target);
    super(others);
    this.callbacks = callbacks instanceof Callback ? [callbacks] : callbacks.flat();
    if (addHistory && !this.callbacks.some((callback) => callback instanceof History))
      this.callbacks.push(new History());
    if (addProgbar && !this.callbacks.some((callback) => callback instanceof ProgbarLogger))
      this.callbacks.push(new ProgbarLogger({ print, now }));
    this.history = this.callbacks.findLast((callback) => callback instanceof History);
    if (model) this.setModel(model);
    if (params) this.setParams(params);
  }

  override setModel(model: CallbackModel): void {
    super.setModel(model);
    if (this.history) model.history = this.history;
    for (const callback of this.callbacks) callback.setModel(model);
  }

  override setParams(params: CallbackParams): void {
    super.setParams(params);
    for (const callback of this.callbacks) callback.setParams(params);
  }

  override get needsEveryBatch(): boolean {
    return this.callbacks.some((callback) => callback.needsEveryBatch);
  }

  override get needsEveryTestBatch(): boolean {
    return this.callbacks.some((callback) => callback.needsEveryTestBatch);
  }

  override onTrainBegin(logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onTrainBegin(sorted));
  }
  override onTrainEnd(logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onTrainEnd(sorted));
  }
  override onEpochBegin(epoch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onEpochBegin(epoch, sorted));
  }
  override onEpochEnd(epoch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onEpochEnd(epoch, sorted));
  }
  override onBatchBegin(batch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onBatchBegin(batch, sorted));
  }
  override onBatchEnd(batch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onBatchEnd(batch, sorted));
  }
  override onTrainBatchBegin(batch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onTrainBatchBegin(batch, sorted));
  }
  override onTrainBatchEnd(batch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onTrainBatchEnd(batch, sorted));
  }

  override onTestBegin(logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onTestBegin(sorted));
  }
  override onTestEnd(logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onTestEnd(sorted));
  }
  override onTestBatchBegin(batch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onTestBatchBegin(batch, sorted));
  }
  override onTestBatchEnd(batch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onTestBatchEnd(batch, sorted));
  }

  override onPredictBegin(logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onPredictBegin(sorted));
  }
  override onPredictEnd(logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onPredictEnd(sorted));
  }
  override onPredictBatchBegin(batch: number, logs?: Logs): Promise<void> {
    return this.#each(logs, (callback, sorted) => callback.onPredictBatchBegin(batch, sorted));
  }
  override async onPredictBatchEnd(batch: number, logs?: PredictLogs): Promise<void> {
    for (const callback of this.callbacks) await callback.onPredictBatchEnd(batch, logs);
  }

  async #each(logs: Logs | undefined, call: (callback: Callback, sorted: Logs) => Hook): Promise<void> {
    const sorted = sortLogs(logs);
    for (const callback of this.callbacks) await call(callback, sorted);
  }
}

/** A copy of the logs with its keys in Python's order of strings. */
const sortLogs = (logs: Logs = {}): Logs =>
  Object.fromEntries(Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : 1)));
