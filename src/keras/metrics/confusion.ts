/**
 * Metrics of true and false positives and negatives.
 *
 * Axes: B samples, C outputs, L labels that are counted apart, T thresholds.
 */
import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { float32 } from '../../graph/tensor.js';
import type { Prediction } from '../../graph/training-plan.js';
import type { MetricResult } from '../callbacks/callback.js';
import { Metric } from './metric.js';

/** Outputs counted at one threshold. */
export interface Count {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/**
 * Counts outputs above thresholds, by whether they should be.
 *
 * Source: `keras.src.metrics.metrics_utils.update_confusion_matrix_variables`.
 */
export abstract class ConfusionMetric extends Metric {
  static override readonly floats = ['thresholds'];
  override readonly direction: 'up' | undefined = 'up';
  override readonly needsEachOutput = true;
  override readonly takesWeights = true;
  /** Each label is counted by itself; 1 counts all together. */
  protected labels = 1;

  constructor(
    /** An output is positive above the threshold. */
    readonly thresholds: readonly number[],
    name?: string,
  ) {
    super(name);
  }

  /** Whether thresholds lie evenly on [0, 1], where Keras counts by buckets. */
  protected get even(): boolean {
    return areEven(this.thresholds);
  }

  override get sums(): number {
    return this.labels * (2 * this.thresholds.length + 2);
  }

  /** The part of targets or outputs that counts: (B, any). */
  protected select(_g: GraphBuilder, values: Value): Value {
    return values;
  }

  /** Outputs as thresholds see them, (B, C). */
  protected score(_g: GraphBuilder, { output }: Prediction): Value {
    return output;
  }

  /** The weight of each output, (C); `null` is 1. */
  protected get outputWeights(): readonly number[] | null {
    return null;
  }

  /** For each label: positives (L, T, 2) of those that are and those that are not, then all of either (L, 2). */
  override forward(g: GraphBuilder, target: Value, prediction: Prediction, sampleWeight?: Value): Value {
    const { thresholds, labels, outputWeights } = this;
    const rows = (values: Value) =>
      g.op('Reshape', [
        labels === 1 ? values : g.op('Transpose', [values], { perm: [1, 0] }),
        g.ints(labels, -1),
      ]);
    const weigh = (values: Value) => {
      const ofLabels = outputWeights
        ? g.op('Mul', [values, g.initializer('label_weights', float32(outputWeights))])
        : values;
      return sampleWeight === undefined
        ? ofLabels
        : g.op('Mul', [ofLabels, g.op('Unsqueeze', [sampleWeight, g.ints(1)])]);
    };

    const is = this.select(g, g.cast(g.cast(target, 'bool'), 'float32'));
    const isNot = g.op('Sub', [g.scalar(1), is]);
    const columns = [is, isNot].map((values) => g.op('Unsqueeze', [rows(weigh(values)), g.ints(2)]));
    const truth = g.op('Concat', columns, { axis: 2 });

    let score = this.select(g, this.score(g, prediction));
    let limits = thresholds;
    if (this.even) {
      const steps = thresholds.length - 1;
      score = g.op('Mul', [g.op('Clip', [score, g.scalar(0), g.scalar(1)]), g.scalar(steps)]);
      limits = thresholds.map((threshold, i) => (threshold < 0 ? -1 : i));
    }
    const limit = g.initializer('thresholds', float32(limits, [limits.length, 1]));
    const isPositive = g.op('Greater', [g.op('Unsqueeze', [rows(score), g.ints(1)]), limit]);
    const positives = g.op('MatMul', [g.cast(isPositive, 'float32'), truth]);
    const totals = g.op('ReduceSum', [truth, g.ints(1)], { keepdims: 0 });
    const flat = [positives, totals].map((values) => g.op('Reshape', [values, g.ints(-1)]));
    return g.op('Concat', flat, { axis: 0 });
  }

  override result(sums: ArrayLike<number>): MetricResult {
    const { length } = this.thresholds;
    const sum = (i: number) => sums[i] ?? 0;
    return this.summarise(
      Array.from({ length: this.labels }, (_, label) => {
        const totals = 2 * (this.labels * length + label);
        return Array.from({ length }, (_, i): Count => {
          const at = 2 * (label * length + i);
          const [truePositives, falsePositives] = [sum(at), sum(at + 1)];
          return {
            truePositives,
            falsePositives,
            falseNegatives: sum(totals) - truePositives,
            trueNegatives: sum(totals + 1) - falsePositives,
          };
        });
      }),
    );
  }

  /** The metric from each label's counts, threshold by threshold. */
  protected abstract summarise(labels: readonly (readonly Count[])[]): MetricResult;
}

/** Thresholds as a list. @throws ValueError for one that is not in [0, 1] */
export function parseThresholds(
  thresholds: number | readonly number[] | null,
  otherwise: number,
): readonly number[] {
  if (thresholds === null) return [otherwise];
  const list = [thresholds].flat();
  const invalid = list.filter((threshold) => !(threshold >= 0 && threshold <= 1));
  if (invalid.length > 0)
    throw new ValueError(`Threshold values must be in [0, 1]. Received: [${invalid.join(', ')}]`);
  return list;
}

/** a / b, and 0 for b = 0. */
export const divideNoNaN = (a: number, b: number): number => (b === 0 ? 0 : a / b);

/** Whether at least three thresholds divide [0, 1] evenly, as closely as NumPy's `allclose` looks. */
export function areEven(thresholds: readonly number[]): boolean {
  const steps = thresholds.length - 1;
  return steps >= 2 && thresholds.every((x, i) => Math.abs(x - i / steps) <= 1e-7 + (1e-5 * i) / steps);
}
