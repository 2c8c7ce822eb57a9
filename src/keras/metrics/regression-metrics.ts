/** Metrics of real numbers that are no loss's mean. */
import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import type { MetricResult } from '../callbacks/callback.js';
import { CosineSimilarity as CosineSimilarityLoss } from '../losses/index.js';
import { pythonTuple } from '../python/format.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { MeanMetric, Metric, type MetricOptions } from './metric.js';

/** √ of the mean of (p − y)². Source: keras.metrics.RootMeanSquaredError. */
export class RootMeanSquaredError extends MeanMetric {
  static override readonly className = 'RootMeanSquaredError';
  override readonly direction = 'down';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    super(name);
  }

  override get broadcasts(): boolean {
    return true;
  }

  protected override values(g: GraphBuilder, target: Value, { output }: Prediction): Value {
    const difference = g.op('Sub', [output, target]);
    return g.op('ReduceMean', [g.op('Mul', [difference, difference])], { axes: [-1], keepdims: 0 });
  }

  override result(sums: number[]): number {
    return Math.sqrt(super.result(sums));
  }
}

/** The cosine between targets and outputs (B, C): 1 for rows of one direction. Source: keras.metrics.CosineSimilarity. */
export class CosineSimilarity extends MeanMetric {
  static override readonly className = 'CosineSimilarity';
  override readonly direction = 'up';
  readonly #loss = new CosineSimilarityLoss();

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    super(name);
  }

  protected override values(g: GraphBuilder, target: Value, prediction: Prediction): Value {
    return g.op('Neg', [this.#loss.forward(g, target, prediction).losses]);
  }
}

export type ClassAggregation = 'uniform_average' | 'variance_weighted_average';

export interface R2ScoreOptions {
  /** How the scores of outputs become one; `null` leaves each by itself. Default `'uniform_average'`. */
  classAggregation?: ClassAggregation | null;
  /** Independent regressors, for the adjusted score. Default 0: the score is not adjusted. */
  numRegressors?: number;
  /** Default `'r2_score'`. */
  name?: string;
}

/**
 * 1 − Σ (p − y)² / Σ (y − ȳ)² of each output, targets and outputs being (B, C).
 *
 * Source: keras.metrics.R2Score.
 */
export class R2Score extends Metric {
  static override readonly className = 'R2Score';
  override readonly direction = 'up';
  override readonly needsEachOutput = true;

  readonly classAggregation: ClassAggregation | null;
  readonly numRegressors: number;
  #outputs = 1;

  constructor(options: R2ScoreOptions = {}) {
    const {
      classAggregation = 'uniform_average',
      numRegressors = 0,
      name = 'r2_score',
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    super(name);
    if (![null, 'uniform_average', 'variance_weighted_average'].includes(classAggregation))
      throw new ValueError(
        `Invalid value for argument \`class_aggregation\`. Expected one of (None, 'uniform_average', 'variance_weighted_average'). Received: class_aggregation=${classAggregation}`,
      );
    if (!(numRegressors >= 0))
      throw new ValueError(
        `Invalid value for argument \`num_regressors\`. Expected a value >= 0. Received: num_regressors=${numRegressors}`,
      );
    this.classAggregation = classAggregation;
    this.numRegressors = numRegressors;
  }

  override build(outputShape: Shape): void {
    if (outputShape.length !== 2)
      throw new ValueError(
        `R2Score expects 2D inputs with shape (batch_size, output_dim). Received input shapes: y_pred.shape=${pythonTuple(outputShape)}.`,
      );
    this.#outputs = outputShape[1] ?? 1;
  }

  override get sums(): number {
    return 3 * this.#outputs + 1;
  }

  /** Σ y, Σ y² and Σ (p − y)² of each output, and the number of samples. */
  override forward(g: GraphBuilder, target: Value, { output }: Prediction): Value {
    const difference = g.op('Sub', [output, target]);
    const square = (value: Value) => g.op('Mul', [value, value]);
    const sums = [target, square(target), square(difference)].map((values) =>
      g.op('ReduceSum', [values, g.ints(0)], { keepdims: 0 }),
    );
    const count = g.cast(g.op('Slice', [g.op('Shape', [target]), g.ints(0), g.ints(1)]), 'float32');
    return g.op('Concat', [...sums, count], { axis: 0 });
  }

  override result(sums: ArrayLike<number>): MetricResult {
    const width = this.#outputs;
    const count = sums[3 * width] ?? 0;
    const outputs = Array.from({ length: width }, (_, i) => {
      const [sum = 0, squares = 0, residual = 0] = [sums[i], sums[width + i], sums[2 * width + i]];
      const total = squares - (sum * sum) / count;
      const score = 1 - residual / total;
      return { total, score: Math.abs(score) === Number.POSITIVE_INFINITY ? 0 : score };
    });
    const add = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const adjust = (score: number) => {
      // Keras counts every output of a sample.
      const samples = count * width;
      if (this.numRegressors === 0 || this.numRegressors >= samples - 1) return score;
      return 1 - ((1 - score) * (samples - 1)) / (samples - this.numRegressors - 1);
    };
    if (this.classAggregation === null) return outputs.map(({ score }) => adjust(score));
    if (this.classAggregation === 'uniform_average')
      return adjust(add(outputs.map(({ score }) => score)) / width);
    return adjust(
      add(outputs.map(({ total, score }) => total * score)) / add(outputs.map(({ total }) => total)),
    );
  }

  override getConfig(): Config {
    const { classAggregation, numRegressors } = this;
    return {
      ...super.getConfig(),
      class_aggregation: classAggregation,
      num_regressors: numRegressors,
    };
  }
}
