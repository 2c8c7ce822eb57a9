import { ValueError } from '../../errors.js';
import { named } from '../../named-options.js';
import { Callback, type Logs, type MetricResult, type Warn } from './callback.js';

export type Mode = 'auto' | 'min' | 'max';

export interface MonitorOptions {
  /** The name in the logs of the value to watch. Default: `val_loss`. */
  monitor?: string;
  /** Whether lower or higher is better; `auto` infers it from the metric. Default: `auto`. */
  mode?: Mode;
  /** The value to beat at first; with `null` the first value is the best. Default: `null`. */
  baseline?: number | null;
  /** The smallest change that counts as an improvement. Default: 0. */
  minDelta?: number;
  /** Takes warnings. Default: `console.warn`. */
  warn?: Warn;
}

/** Watches a value of the logs for improvement: Keras's `MonitorCallback`. */
export class MonitorCallback extends Callback {
  readonly monitor: string;
  readonly mode: Mode;
  readonly minDelta: number;
  /** The best value so far; `null` before there is one. */
  best: number | null;
  #sign?: 1 | -1;
  readonly #warn: Warn;
  readonly #warned = new Set<string>();

  constructor(options: MonitorOptions = {}) {
    const {
      monitor = 'val_loss',
      mode = 'auto',
      baseline = null,
      minDelta = 0,
      warn = (message: string) => console.warn(message),
      ...others
    } = named(options, new.target);
    super(others);
    this.#warn = warn;
    const isKnown = ['auto', 'min', 'max'].includes(mode);
    if (!isKnown) this.warn(`${this.constructor.name} mode '${mode}' is unknown, fallback to auto mode.`);
    this.monitor = monitor;
    this.mode = isKnown ? mode : 'auto';
    this.best = baseline;
    this.minDelta = Math.abs(minDelta);
  }

  /** Warns once of the same thing, as Python does. */
  protected warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#warn(message);
  }

  /**
   * The monitored value; `undefined` where the logs have none.
   *
   * @throws ValueError for a metric of several numbers, of which none is the better
   */
  protected monitored(logs: Logs<MetricResult>): number | undefined {
    const value = logs[this.monitor];
    if (value === undefined || typeof value === 'number') return value;
    throw new ValueError(
      `Expected \`monitor\` of ${this.constructor.name} to be a metric of one number. Received: '${this.monitor}', which has ${value.length}. Hint: give each threshold or class a metric of its own.`,
    );
  }

  /**
   * Whether `value` beats `reference` by more than `minDelta`; everything beats `null`.
   *
   * The two are compared as float32, as Keras's `ops.less` does.
   */
  protected isImprovement(value: number, reference: number | null): boolean {
    const sign = this.findSign();
    if (reference === null) return true;
    const [a, b] = [Math.fround(value - sign * this.minDelta), Math.fround(reference)];
    return sign > 0 ? a > b : a < b;
  }

  /**
   * 1 where higher is better, -1 where lower is. Left until an epoch ends, since metrics may be made late.
   *
   * @throws ValueError in mode 'auto' when the direction of the metric is not known.
   */
  protected findSign(): 1 | -1 {
    this.#sign ??= this.#inferSign();
    return this.#sign;
  }

  #inferSign(): 1 | -1 {
    if (this.mode !== 'auto') return this.mode === 'max' ? 1 : -1;
    const name = this.monitor.replace(/^val_/, '');
    const metric = this.model.metrics.findLast((candidate) => candidate.name === name && candidate.direction);
    if (metric) return metric.direction === 'up' ? 1 : -1;
    if (name === 'loss') return -1;
    throw new ValueError(
      `${this.constructor.name} callback received monitor=${this.monitor}, but Keras isn't able to automatically determine whether that metric should be maximized or minimized. Pass \`mode='max'\` in order to monitor based on the highest metric value, or pass \`mode='min'\` in order to use the lowest value.`,
    );
  }
}
