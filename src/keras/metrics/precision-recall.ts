import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { lastSize, oneHot } from '../../graph/one-hot.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import type { MetricResult } from '../callbacks/callback.js';
import { autoName } from '../naming.js';
import type { Config } from '../serialized.js';
import { ConfusionMetric, type Count, divideNoNaN, parseThresholds } from './confusion.js';

export interface PrecisionRecallOptions {
  /** An output is positive above it; several give a number each. Default: 0.5, or with `topK` none. */
  thresholds?: number | readonly number[] | null;
  /** Only the `topK` largest outputs of a sample may be positive. Default `null`: all. */
  topK?: number | null;
  /** The one class that counts. Default `null`: all. */
  classId?: number | null;
  /** Default: the class in snake case, with a number from the second on. */
  name?: string | null;
}

/** Smaller than every output. */
const lowest = -1e10;

abstract class PrecisionRecall extends ConfusionMetric {
  readonly topK: number | null;
  readonly classId: number | null;
  readonly #thresholds: number | readonly number[] | null;

  constructor(options: PrecisionRecallOptions, prefix: string) {
    const { thresholds = null, topK = null, classId = null, name, ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    super(parseThresholds(thresholds, topK === null ? 0.5 : lowest), name ?? autoName(prefix));
    this.topK = topK;
    this.classId = classId;
    this.#thresholds = thresholds;
  }

  protected override select(g: GraphBuilder, values: Value): Value {
    return this.classId === null ? values : g.op('Gather', [values, g.ints(this.classId)], { axis: 1 });
  }

  protected override score(g: GraphBuilder, { output }: Prediction): Value {
    if (this.topK === null) return output;
    const [, indices = ''] = g.ops('TopK', [output, g.ints(this.topK)], 2, { axis: -1 });
    const hits = oneHot(g, indices, lastSize(g, output));
    const isTop = g.cast(g.op('ReduceSum', [hits, g.ints(1)], { keepdims: 0 }), 'bool');
    return g.op('Where', [isTop, output, g.scalar(lowest)]);
  }

  /** The metric at a threshold. */
  protected abstract ratio(count: Count): number;

  protected override summarise(labels: readonly (readonly Count[])[]): MetricResult {
    const ratios = labels.flat().map((count) => this.ratio(count));
    return ratios.length === 1 ? (ratios[0] ?? 0) : ratios;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), thresholds: this.#thresholds, top_k: this.topK, class_id: this.classId };
  }
}

/** True positives / predicted positives. Source: keras.metrics.Precision. */
export class Precision extends PrecisionRecall {
  static override readonly className = 'Precision';

  constructor(options: PrecisionRecallOptions = {}) {
    super(options, 'precision');
  }

  protected override ratio({ truePositives, falsePositives }: Count): number {
    return divideNoNaN(truePositives, truePositives + falsePositives);
  }
}

/** True positives / positives. Source: keras.metrics.Recall. */
export class Recall extends PrecisionRecall {
  static override readonly className = 'Recall';

  constructor(options: PrecisionRecallOptions = {}) {
    super(options, 'recall');
  }

  protected override ratio({ truePositives, falseNegatives }: Count): number {
    return divideNoNaN(truePositives, truePositives + falseNegatives);
  }
}
