import { ValueError } from '../../errors.js';
import type { Loss } from '../losses/loss.js';
import { toSnakeCase } from '../naming.js';
import type { Shape } from '../symbolic-shape.js';
import { BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.js';
import { AUC } from './auc.js';
import { ConfusionMetric } from './confusion.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  MeanSquaredError,
  SparseCategoricalCrossentropy,
} from './loss-metrics.js';
import { Metric } from './metric.js';
import { Precision, Recall } from './precision-recall.js';
import { SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy } from './top-k.js';

export * from './accuracy.js';
export * from './auc.js';
export * from './loss-metrics.js';
export { MeanMetric, Metric } from './metric.js';
export * from './precision-recall.js';
export * from './top-k.js';

const classes = {
  AUC,
  BinaryAccuracy,
  BinaryCrossentropy,
  CategoricalAccuracy,
  CategoricalCrossentropy,
  MeanSquaredError,
  Precision,
  Recall,
  SparseCategoricalAccuracy,
  SparseCategoricalCrossentropy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
} as const;

const aliases = {
  bce: BinaryCrossentropy,
  BCE: BinaryCrossentropy,
  mse: MeanSquaredError,
  MSE: MeanSquaredError,
} as const;

export type MetricName =
  | keyof typeof classes
  | keyof typeof aliases
  | 'accuracy'
  | 'acc'
  | 'auc'
  | 'binary_accuracy'
  | 'binary_crossentropy'
  | 'categorical_accuracy'
  | 'categorical_crossentropy'
  | 'mean_squared_error'
  | 'precision'
  | 'recall'
  | 'sparse_categorical_accuracy'
  | 'sparse_categorical_crossentropy'
  | 'sparse_top_k_categorical_accuracy'
  | 'top_k_categorical_accuracy';

/**
 * Finds a metric by Keras's name, and tells it the shape of what it measures. One that is asked for by name bears
 * that name; `accuracy` is the form that fits output and loss.
 *
 * Source: `keras.src.trainers.compile_utils.get_metric`.
 */
export function getMetric(
  identifier: MetricName | Metric,
  { outputShape, loss }: { outputShape: Shape; loss: Loss },
): Metric {
  const metric = identifier instanceof Metric ? identifier : byName(identifier, outputShape, loss);
  if (metric instanceof ConfusionMetric) checkTargets(metric, outputShape, loss);
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

function byName(identifier: MetricName, outputShape: Shape, loss: Loss): Metric {
  if (['accuracy', 'acc'].includes(String(identifier).toLowerCase())) {
    const options = { name: identifier };
    if (outputShape.at(-1) === 1) return new BinaryAccuracy(options);
    const sparse = loss.targetShape(outputShape).at(-1) === 1;
    return sparse ? new SparseCategoricalAccuracy(options) : new CategoricalAccuracy(options);
  }
  const known = Object.entries({ ...classes, ...aliases });
  const found = known.find(([name]) => name === identifier || toSnakeCase(name) === identifier);
  if (!found) throw new ValueError(`Could not interpret metric identifier: ${identifier}`);
  const metric = new found[1]();
  metric.name = identifier;
  return metric;
}
