import { print as printToConsole } from '#platform';
import { named, refuseOthers } from '../named-options.js';
import type { Clock, MetricResult, Print } from './callbacks/callback.js';
import { exponential, fixed } from './python/format.js';

export interface ProgbarOptions {
  /** Steps expected; `null` where that is not known. */
  target: number | null;
  /** Width of the bar in characters. Default: 20. */
  width?: number;
  /** 0 is silent, 1 a bar, 2 one line at the end. Default: 1. */
  verbose?: 0 | 1 | 2;
  /** The least time between two updates in seconds. Default: 0.05. */
  interval?: number;
  /** Names of values that are shown as they come; all others are averaged over the steps. Default: none. */
  statefulMetrics?: Iterable<string>;
  /**
   * Names of values that are averaged over the steps; all others are shown as they come. Not together with
   * `statefulMetrics`. Default: all.
   */
  statelessMetrics?: Iterable<string>;
  /** The word for a step. Default: `step`. */
  unitName?: string;
  /**
   * Redraws the bar in place. Keras does so everywhere but in a pipe on Windows, where each update is a line.
   * Default: true.
   */
  dynamicDisplay?: boolean;
  /** Writes the bar. Default: to standard output. */
  print?: Print;
  /** The clock. Default: the system's. */
  now?: Clock;
}

/** A progress bar, in the very characters of `keras.utils.Progbar`. */
export class Progbar {
  target: number | null;
  readonly #options: Required<Omit<ProgbarOptions, 'target' | 'statefulMetrics' | 'statelessMetrics'>>;
  readonly #isStateful: (name: string) => boolean;
  /** Sums and the number of steps summed, in the order in which the names came. */
  readonly #values = new Map<string, { sum: number; count: number }>();
  readonly #start: number;
  #seen = 0;
  #lastUpdate = 0;
  #afterFirstStep?: number;
  #previousWidth = 0;

  constructor(options: ProgbarOptions) {
    const {
      target,
      width = 20,
      verbose = 1,
      interval = 0.05,
      statefulMetrics,
      statelessMetrics,
      unitName = 'step',
      dynamicDisplay = true,
      print = printToConsole,
      now = () => Date.now() / 1000,
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    if (statefulMetrics && statelessMetrics)
      throw new TypeError(
        'Expected one of statefulMetrics and statelessMetrics. Received: both. Hint: one lists what is shown as it is, the other what is averaged.',
      );
    this.target = target;
    this.#options = { width, verbose, interval, unitName, dynamicDisplay, print, now };
    const stateless = new Set(statelessMetrics);
    const stateful = new Set(statefulMetrics);
    this.#isStateful = statelessMetrics ? (name) => !stateless.has(name) : (name) => stateful.has(name);
    this.#start = now();
  }

  /**
   * Shows the progress.
   *
   * @param current - steps done
   * @param values - names with their values in the latest step
   * @param finalize - whether it is the last update; by default, whether the target is reached
   */
  update(
    current: number,
    values: Iterable<readonly [string, MetricResult]> = [],
    finalize = this.target !== null && current >= this.target,
  ): void {
    this.#collect(current, values, finalize);
    const { verbose, interval, unitName, dynamicDisplay, print, now: clock } = this.#options;
    const now = clock();
    const secondsPerStep = this.#secondsPerStep(current, now);
    const state: Progress = {
      current,
      target: this.target,
      finalize,
      elapsed: now - this.#start,
      secondsPerStep,
      unitName,
      values: [...this.#values].map(([name, { sum, count }]) => [name, sum / Math.max(1, count)]),
    };
    if (verbose === 1) {
      if (now - this.#lastUpdate < interval && !finalize) return;
      const { text, width } = formatBar(state, this.#options.width);
      const before = dynamicDisplay ? `${'\b'.repeat(this.#previousWidth)}\r` : '\n';
      const rest = ' '.repeat(Math.max(0, this.#previousWidth - width));
      print(before + text + rest + (finalize ? '\n' : ''));
      this.#previousWidth = width;
    } else if (verbose === 2 && finalize && this.target) print(formatLine(state, this.target));
    this.#lastUpdate = now;
  }

  /** Shows that `steps` more are done. */
  add(steps: number, values?: Iterable<readonly [string, MetricResult]>): void {
    this.update(this.#seen + steps, values);
  }

  #collect(current: number, values: Iterable<readonly [string, MetricResult]>, finalize: boolean): void {
    for (const [name, result] of values) {
      const value = typeof result === 'number' ? result : mean(result);
      const known = this.#values.get(name);
      const steps = Math.max(current - this.#seen, 1);
      if (finalize || this.#isStateful(name)) this.#values.set(name, { sum: value, count: 1 });
      else if (known) this.#values.set(name, { sum: known.sum + value * steps, count: known.count + steps });
      else this.#values.set(name, { sum: value * steps, count: steps });
    }
    this.#seen = current;
  }

  /** The first step, which includes warming up, is left out as soon as there are others. */
  #secondsPerStep(current: number, now: number): number {
    if (current === 0) return 0;
    const seconds =
      this.#afterFirstStep !== undefined && current > 1
        ? (now - this.#afterFirstStep) / (current - 1)
        : (now - this.#start) / current;
    if (current === 1) this.#afterFirstStep = now;
    return seconds;
  }
}

/** The mean, as several results are shown. */
const mean = (results: readonly number[]): number => results.reduce((a, b) => a + b, 0) / results.length;

/** The state that a progress bar shows. Times are in seconds. */
interface Progress {
  readonly current: number;
  readonly target: number | null;
  readonly finalize: boolean;
  readonly elapsed: number;
  readonly secondsPerStep: number;
  readonly unitName: string;
  readonly values: readonly (readonly [string, number])[];
}

/** The bar with times and values after it, without line breaks, and its width on the screen. */
function formatBar(progress: Progress, width = 20): { text: string; width: number } {
  const { current, target, finalize, elapsed, secondsPerStep, unitName, values } = progress;
  const bold = (text: string) => `\x1b[1m${text}\x1b[0m`;
  let text: string;
  if (target) {
    const done = Math.trunc(width * (current / target));
    text = `${bold(formatCount(current, target))} `;
    if (done > 0) text += `\x1b[32m${'━'.repeat(done)}\x1b[0m`;
    text += `\x1b[37m${'━'.repeat(Math.max(0, width - done))}\x1b[0m`;
  } else text = `${String(current).padStart(7)}/Unknown`;

  const time = target && !finalize ? formatEta(secondsPerStep * (target - current)) : `${fixed(elapsed, 0)}s`;
  text += ` ${bold(time)}${formatStepTime(secondsPerStep, unitName)}`;
  for (const [name, value] of values) text += ` - ${name}: ${formatValue(value, Math.abs(value))}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences take no room on the screen
  return { text, width: text.replaceAll(/\x1b\[\d+m/g, '').length };
}

/** The one line of an epoch that `verbose: 2` prints. */
function formatLine(
  { current, elapsed, secondsPerStep, unitName, values }: Progress,
  target: number,
): string {
  const step = formatStepTime(secondsPerStep, unitName);
  const metrics = values.map(([name, value]) => ` - ${name}: ${formatValue(value, value)}`).join('');
  return `${formatCount(current, target)} - ${fixed(elapsed, 0)}s -${step}${metrics}\n`;
}

const formatCount = (current: number, target: number): string =>
  `${String(current).padStart(String(target).length)}/${target}`;

/** Keras asks for the magnitude in the bar, but for the value itself in the line; hence `size`. */
const formatValue = (value: number, size: number): string =>
  size > 1e-3 ? fixed(value, 4) : exponential(value, 4);

function formatEta(seconds: number): string {
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  if (seconds > 3600)
    return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  if (seconds > 60) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.trunc(seconds)}s`;
}

function formatStepTime(seconds: number, unitName: string): string {
  if (seconds >= 1 || seconds === 0) return ` ${fixed(seconds, 0)}s/${unitName}`;
  if (seconds >= 1e-3) return ` ${fixed(seconds * 1e3, 0)}ms/${unitName}`;
  return ` ${fixed(seconds * 1e6, 0)}us/${unitName}`;
}
