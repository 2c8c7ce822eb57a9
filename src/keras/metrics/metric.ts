import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { MetricWriter, Prediction } from '../../graph/training-plan.js';
import type { MetricResult } from '../callbacks/callback.js';
import { toSnakeCase } from '../naming.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';

export interface MetricOptions {
  /** In logs. Default: the class's name in snake case, or the name that `compile` was given. */
  name?: string;
}

/**
 * A number that is watched but not trained for.
 *
 * Its part in the graph adds up sums over the samples of a batch; `result` makes the metric of the sums of all
 * batches.
 */
export abstract class Metric implements MetricWriter {
  static readonly className?: string;
  /** Keys of the configuration whose numbers are floats. */
  static readonly floats: readonly string[] = [];

  /** In logs. `compile` changes it where the metric was asked for by another name. */
  name: string;
  /** Whether better is higher. */
  readonly direction?: 'up' | 'down';
  /** Whether it compares targets and outputs one by one, which class indices cannot be. Default: no. */
  readonly needsEachOutput: boolean = false;
  /** Whether samples may count by their weights. Default: no. */
  readonly takesWeights: boolean = false;
  /** Whether they do, as a metric of `weightedMetrics`. */
  isWeighted = false;
  /** The type of its sums in files. */
  readonly dtype: string = 'float32';

  constructor(name?: string) {
    this.name = name ?? toSnakeCase(this.className);
  }

  get className(): string {
    const type = this.constructor as typeof Metric;
    return type.className ?? type.name;
  }

  /** Whether targets and outputs may differ where one of them has an axis of length 1. */
  get broadcasts(): boolean {
    return false;
  }

  /** Whether a batch's sums depend on all of its samples, so that several batches may not be measured as one. */
  get needsWholeBatch(): boolean {
    return false;
  }

  /** Called once with the shape of outputs, before anything else. */
  build(_outputShape: Shape): void {}

  /** How many sums it keeps. */
  abstract get sums(): number;

  /** The sums of one batch: float32 (sums). */
  abstract forward(g: GraphBuilder, target: Value, prediction: Prediction, sampleWeight?: Value): Value;

  /** The metric of these sums: a number, or one for each threshold or class. */
  abstract result(sums: ArrayLike<number>): MetricResult;

  getConfig(): Config {
    return { name: this.name };
  }
}

/** The mean over samples of a number each sample has: sums are the total and the count. */
export abstract class MeanMetric extends Metric {
  override readonly takesWeights = true;

  override get sums(): number {
    return 2;
  }

  /** Float32 (B). */
  protected abstract values(g: GraphBuilder, target: Value, prediction: Prediction): Value;

  override forward(g: GraphBuilder, target: Value, prediction: Prediction, sampleWeight?: Value): Value {
    const values = this.values(g, target, prediction);
    if (sampleWeight !== undefined) {
      const sum = (all: Value) => g.op('ReduceSum', [all], { keepdims: 1 });
      return g.op('Concat', [sum(g.op('Mul', [values, sampleWeight])), sum(sampleWeight)], { axis: 0 });
    }
    const count = g.cast(g.op('Size', [values]), 'float32');
    return g.op(
      'Concat',
      [g.op('ReduceSum', [values], { keepdims: 1 }), g.op('Unsqueeze', [count, g.ints(0)])],
      { axis: 0 },
    );
  }

  override result([total = 0, count = 0]: number[]): number {
    return count === 0 ? 0 : total / count;
  }
}
