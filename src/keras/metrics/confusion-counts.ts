import { named, refuseOthers } from '../../named-options.js';
import type { MetricResult } from '../callbacks/callback.js';
import { autoName, toSnakeCase } from '../naming.js';
import type { Config } from '../serialized.js';
import { ConfusionMetric, type Count, parseThresholds } from './confusion.js';

export interface ConfusionCountOptions {
  /** An output is positive above it; several give a number each. Default 0.5. */
  thresholds?: number | readonly number[] | null;
  /** Default: the class in snake case, with a number from the second on. */
  name?: string | null;
}

/** How many outputs there are of one kind. */
abstract class ConfusionCount extends ConfusionMetric {
  override readonly direction = undefined;
  readonly #thresholds: number | readonly number[] | null;

  constructor(options: ConfusionCountOptions = {}) {
    const { thresholds = null, name = null, ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    const { className } = new.target as typeof ConfusionMetric;
    super(parseThresholds(thresholds, 0.5), name ?? autoName(toSnakeCase(className ?? new.target.name)));
    this.#thresholds = thresholds;
  }

  protected abstract kind: keyof Count;

  protected override summarise(labels: readonly (readonly Count[])[]): MetricResult {
    const counts = labels.flat().map((count) => count[this.kind]);
    return counts.length === 1 ? (counts[0] ?? 0) : counts;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), thresholds: this.#thresholds };
  }
}

/** Outputs above the threshold whose target is 1. Source: keras.metrics.TruePositives. */
export class TruePositives extends ConfusionCount {
  static override readonly className = 'TruePositives';
  protected override readonly kind = 'truePositives';
}

/** Outputs above the threshold whose target is 0. Source: keras.metrics.FalsePositives. */
export class FalsePositives extends ConfusionCount {
  static override readonly className = 'FalsePositives';
  protected override readonly kind = 'falsePositives';
}

/** Outputs not above the threshold whose target is 0. Source: keras.metrics.TrueNegatives. */
export class TrueNegatives extends ConfusionCount {
  static override readonly className = 'TrueNegatives';
  protected override readonly kind = 'trueNegatives';
}

/** Outputs not above the threshold whose target is 1. Source: keras.metrics.FalseNegatives. */
export class FalseNegatives extends ConfusionCount {
  static override readonly className = 'FalseNegatives';
  protected override readonly kind = 'falseNegatives';
}
