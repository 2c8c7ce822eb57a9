import { sizeOf, type Tensor } from '../../graph/tensor.js';
import type { Logs, MetricResult } from '../callbacks/callback.js';
import type { Loss } from '../losses/loss.js';
import type { Metric } from '../metrics/metric.js';

/** Adds up loss and metrics over the batches of a pass: Keras's running means. */
export class Totals {
  readonly metrics: readonly Metric[];
  /** Whether sums are made of one batch at a time, as loss or metrics depend on how samples are divided. */
  readonly needWholeBatches: boolean;
  readonly #sums: Float64Array;
  #samples = 0;

  constructor(model: { readonly metrics: readonly Metric[]; readonly loss?: Loss }) {
    this.metrics = model.metrics;
    this.#sums = new Float64Array(model.metrics.reduce((count, { sums }) => count + sums, 1));
    this.needWholeBatches =
      model.loss?.needsWholeBatch === true || model.metrics.some((metric) => metric.needsWholeBatch);
  }

  reset(): void {
    this.#sums.fill(0);
    this.#samples = 0;
  }

  /** The sums so far. */
  state(): { sums: number[]; samples: number } {
    return { sums: [...this.#sums], samples: this.#samples };
  }

  /** Goes on from sums of `state`. */
  restore({ sums, samples }: { readonly sums: readonly number[]; readonly samples: number }): void {
    this.#sums.set(sums);
    this.#samples = samples;
  }

  /** Adds the sums of one step or pass, as the graphs report them: float32 (K). */
  add(sums: ArrayLike<number>, samples: number): void {
    for (const [k, sum] of this.#sums.entries()) this.#sums[k] = sum + (sums[k] ?? 0);
    this.#samples += samples;
  }

  /** Loss and metrics in single precision, as Keras has them, sorted by their names as Python shows them. */
  logs(): Logs {
    const [loss = 0] = this.#sums;
    const logs: Logs<MetricResult> = { loss: Math.fround(this.#samples === 0 ? 0 : loss / this.#samples) };
    const counts = new Map<string, number>();
    let offset = 1;
    for (const metric of this.metrics) {
      const sums = Array.from(this.#sums.subarray(offset, offset + metric.sums));
      const result: MetricResult = metric.result(sums);
      logs[freeName(metric, counts)] =
        typeof result === 'number' ? Math.fround(result) : result.map(Math.fround);
      offset += metric.sums;
    }
    return Object.fromEntries(Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : 1))) as Logs;
  }
}

/**
 * The name of a metric in logs: `weighted_…` where it is weighted and its own is taken, then with a number.
 *
 * Source: keras.src.trainers.compile_utils.CompileMetrics.result
 */
function freeName({ name, isWeighted }: Metric, counts: Map<string, number>): string {
  const wanted = isWeighted && counts.has(name) ? `weighted_${name}` : name;
  const count = counts.get(wanted) ?? 0;
  counts.set(wanted, count + 1);
  return count === 0 ? wanted : `${wanted}_${count}`;
}

/** Row `step` of sums (S, K). */
export const sumsOfStep = ({ data, dims }: Tensor<'float32'>, step: number): Float32Array => {
  const width = sizeOf(dims.slice(1));
  return data.subarray(step * width, (step + 1) * width);
};
