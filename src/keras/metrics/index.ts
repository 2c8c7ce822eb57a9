import { ValueError } from '../../errors.js';
import type { Loss } from '../losses/loss.js';
import { type SnakeCase, toSnakeCase } from '../naming.js';
import type { Shape } from '../symbolic-shape.js';
import { Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.js';
import { AUC } from './auc.js';
import { FalseNegatives, FalsePositives, TrueNegatives, TruePositives } from './confusion-counts.js';
import { F1Score, FBetaScore } from './f-score.js';
import { BinaryIoU } from './iou.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  CategoricalHinge,
  Hinge,
  KLDivergence,
  LogCoshError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  SparseCategoricalCrossentropy,
  SquaredHinge,
} from './loss-metrics.js';
import { Metric } from './metric.js';
import { Precision, Recall } from './precision-recall.js';
import { CosineSimilarity, R2Score, RootMeanSquaredError } from './regression-metrics.js';
import { SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy } from './top-k.js';

export * from './accuracy.js';
export * from './auc.js';
export * from './confusion-counts.js';
export * from './f-score.js';
export * from './iou.js';
export * from './loss-metrics.js';
export { MeanMetric, Metric, type MetricOptions } from './metric.js';
export * from './precision-recall.js';
export * from './regression-metrics.js';
export * from './top-k.js';

const classes = {
  Accuracy,
  AUC,
  BinaryAccuracy,
  BinaryCrossentropy,
  CategoricalAccuracy,
  BinaryIoU,
  CategoricalCrossentropy,
  CategoricalHinge,
  CosineSimilarity,
  F1Score,
  FalseNegatives,
  FalsePositives,
  FBetaScore,
  Hinge,
  KLDivergence,
  LogCoshError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  Precision,
  R2Score,
  Recall,
  RootMeanSquaredError,
  SparseCategoricalAccuracy,
  SparseCategoricalCrossentropy,
  SparseTopKCategoricalAccuracy,
  SquaredHinge,
  TopKCategoricalAccuracy,
  TrueNegatives,
  TruePositives,
} as const;
/** Metrics that need options, so that a name alone does not do. */
const withOptions = ['IoU', 'MeanIoU', 'OneHotIoU', 'OneHotMeanIoU'];
const aliases = {
  acc: Accuracy,
  auc: AUC,
  bce: BinaryCrossentropy,
  BCE: BinaryCrossentropy,
  kl_divergence: KLDivergence,
  mae: MeanAbsoluteError,
  MAE: MeanAbsoluteError,
  mape: MeanAbsolutePercentageError,
  MAPE: MeanAbsolutePercentageError,
  mse: MeanSquaredError,
  MSE: MeanSquaredError,
  msle: MeanSquaredLogarithmicError,
  MSLE: MeanSquaredLogarithmicError,
} as const;

type ClassName = keyof typeof classes;
export type MetricName = SnakeCase<Exclude<ClassName, 'KLDivergence'>> | ClassName | keyof typeof aliases;

const byName = new Map<string, new () => Metric>([
  ...Object.entries(classes).map(([name, type]) => [toSnakeCase(name), type] as const),
  ...Object.entries(classes),
  ...Object.entries(aliases),
]);

/**
 * Finds a metric by Keras's name, and tells it the shape of outputs. One that is asked for by name bears
 * that name; `accuracy` is the form that fits output and loss.
 *
 * Source: `keras.src.trainers.compile_utils.get_metric`.
 */
export function getMetric(
  identifier: MetricName | Metric,
  { outputShape, loss, isWeighted = false }: { outputShape: Shape; loss: Loss; isWeighted?: boolean },
): Metric {
  const metric = identifier instanceof Metric ? identifier : metricNamed(identifier, outputShape, loss);
  if (metric.needsEachOutput) checkTargets(metric, outputShape, loss);
  if (isWeighted && !metric.takesWeights)
    throw new ValueError(
      `Expected \`weightedMetrics\` in which samples can have weights. Received: '${metric.name}'. Hint: put it into \`metrics\`.`,
    );
  metric.isWeighted = isWeighted;
  metric.build(outputShape);
  return metric;
}

/** @throws ValueError when targets are class indices, which cannot be counted output by output. */
function checkTargets(metric: Metric, outputShape: Shape, loss: Loss): void {
  const [expected, received] = [outputShape.slice(1), loss.targetShape(outputShape)];
  if (received.join() !== expected.join())
    throw new ValueError(
      `Expected targets of shape (N, ${expected.join(', ')}) for metric '${metric.name}'. Received: (N, ${received.join(', ')}) with loss '${loss.name}'. Hint: make one-hot rows of class indices with toCategorical, and use categorical_crossentropy.`,
    );
}

function metricNamed(identifier: MetricName, outputShape: Shape, loss: Loss): Metric {
  if (['accuracy', 'acc'].includes(String(identifier).toLowerCase())) {
    const options = { name: identifier };
    if (outputShape.at(-1) === 1) return new BinaryAccuracy(options);
    const sparse = loss.targetShape(outputShape).at(-1) === 1;
    return sparse ? new SparseCategoricalAccuracy(options) : new CategoricalAccuracy(options);
  }
  const found = byName.get(identifier);
  if (!found) {
    const type = withOptions.find((name) => [name, toSnakeCase(name)].includes(identifier));
    throw new ValueError(
      `Could not interpret metric identifier: ${identifier}${type ? `. Hint: pass new ${type}({ numClasses })` : ''}`,
    );
  }
  const metric = new found();
  metric.name = identifier;
  return metric;
}
