import { Callback, type Logs, type MetricResult } from './callback.js';

/** Records every epoch's logs: `keras.callbacks.History`, which `fit` returns. */
export class History<Result extends MetricResult = number> extends Callback {
  /** One value an epoch, under each name. Grows over several `fit`s if it is passed to them. */
  readonly history: Record<string, Result[]> = {};
  /** The epochs of the latest run, counted from 0. */
  epoch: number[] = [];

  override onTrainBegin(): void {
    this.epoch = [];
  }

  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value as Result);
    }
    this.model.history = this as unknown as History;
  }
}
