import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import type { MetricResult } from '../callbacks/callback.js';
import { pythonTuple } from '../python/format.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Metric } from './metric.js';

export type ScoreAverage = 'micro' | 'macro' | 'weighted';

export interface F1ScoreOptions {
  /** How the scores of classes become one: `null` leaves each by itself. Default `null`. */
  average?: ScoreAverage | null;
  /** An output is positive above it. Default `null`: where it is the largest of its sample. */
  threshold?: number | null;
  /** Default: the class in snake case. */
  name?: string;
}

export interface FBetaScoreOptions extends F1ScoreOptions {
  /** How many times as much recall counts as precision. Default 1. */
  beta?: number;
}

const epsilon = 1e-7;

/**
 * (1 + β²)·precision·recall / (β²·precision + recall), of targets and outputs (B, C).
 *
 * Source: keras.metrics.FBetaScore.
 */
export class FBetaScore extends Metric {
  static override readonly className: string = 'FBetaScore';
  static override readonly floats = ['beta', 'threshold'];
  override readonly direction = 'up';
  override readonly needsEachOutput = true;
  override readonly takesWeights = true;

  readonly average: ScoreAverage | null;
  readonly beta: number;
  readonly threshold: number | null;
  #classes = 1;

  constructor(options: FBetaScoreOptions = {}) {
    const {
      average = null,
      beta = 1,
      threshold = null,
      name = 'fbeta_score',
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    super(name);
    if (![null, 'micro', 'macro', 'weighted'].includes(average))
      throw new ValueError(
        `Invalid \`average\` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. Received: average=${average}`,
      );
    if (!(beta > 0))
      throw new ValueError(`Invalid \`beta\` argument value. It should be > 0. Received: beta=${beta}`);
    if (threshold !== null && !(threshold > 0 && threshold <= 1))
      throw new ValueError(
        `Invalid \`threshold\` argument value. It should verify 0 < threshold <= 1. Received: threshold=${threshold}`,
      );
    this.average = average;
    this.beta = beta;
    this.threshold = threshold;
  }

  override build(outputShape: Shape): void {
    if (outputShape.length !== 2)
      throw new ValueError(
        `FBetaScore expects 2D inputs with shape (batch_size, output_dim). Received input shapes: y_pred.shape=${pythonTuple(outputShape)}.`,
      );
    this.#classes = outputShape[1] ?? 1;
  }

  override get sums(): number {
    return 3 * this.#classes;
  }

  /** True positives, positives and targets of each class. */
  override forward(g: GraphBuilder, target: Value, { output }: Prediction, sampleWeight?: Value): Value {
    const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
    const largest = () =>
      op(
        'And',
        op('GreaterOrEqual', output, g.op('ReduceMax', [output], { axes: [-1], keepdims: 1 })),
        op('Greater', op('Abs', output), g.scalar(1e-9)),
      );
    const isPositive = this.threshold === null ? largest() : op('Greater', output, g.scalar(this.threshold));
    const positive = g.cast(isPositive, 'float32');
    const weigh = (values: Value) =>
      sampleWeight === undefined ? values : op('Mul', values, op('Unsqueeze', sampleWeight, g.ints(1)));
    const sums = [op('Mul', positive, target), positive, target].map((values) =>
      g.op('ReduceSum', [weigh(values), g.ints(0)], { keepdims: 0 }),
    );
    return g.op('Concat', sums, { axis: 0 });
  }

  override result(sums: ArrayLike<number>): MetricResult {
    const [truePositives, positives, targets] = [0, 1, 2].map((k) =>
      Array.from({ length: this.#classes }, (_, i) => sums[k * this.#classes + i] ?? 0),
    ) as [number[], number[], number[]];
    const square = this.beta ** 2;
    const score = (hits: number, all: number, wanted: number) => {
      const precision = hits / (all + epsilon);
      const recall = hits / (wanted + epsilon);
      return ((1 + square) * precision * recall) / (square * precision + recall + epsilon);
    };
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    if (this.average === 'micro') return score(sum(truePositives), sum(positives), sum(targets));
    const scores = truePositives.map((hits, i) => score(hits, positives[i] ?? 0, targets[i] ?? 0));
    if (this.average === null) return scores;
    if (this.average === 'macro') return sum(scores) / scores.length;
    return sum(scores.map((value, i) => (value * (targets[i] ?? 0)) / (sum(targets) + epsilon)));
  }

  override getConfig(): Config {
    const { average, beta, threshold } = this;
    return { ...super.getConfig(), average, beta, threshold };
  }
}

/** The harmonic mean of precision and recall: F-beta with β = 1. Source: keras.metrics.F1Score. */
export class F1Score extends FBetaScore {
  static override readonly className = 'F1Score';

  constructor(options: F1ScoreOptions = {}) {
    const { name = 'f1_score', average, threshold, ...others } = named(options, new.target);
    refuseOthers(others, new.target, (probe) => new F1Score(probe));
    super({ name, average, threshold });
  }

  override getConfig(): Config {
    const { beta: _, ...config } = super.getConfig();
    return config;
  }
}
