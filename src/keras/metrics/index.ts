import { type Shape, ValueError } from '../layers/layer.js';
import type { Loss } from '../losses/loss.js';
import { BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.js';
import { MeanMetric, Metric } from './metric.js';

export { BinaryAccuracy, CategoricalAccuracy, MeanMetric, Metric, SparseCategoricalAccuracy };

const metrics = {
  binary_accuracy: BinaryAccuracy,
  categorical_accuracy: CategoricalAccuracy,
  sparse_categorical_accuracy: SparseCategoricalAccuracy,
} as const;

export type MetricName = keyof typeof metrics | 'accuracy' | 'acc';

/**
 * Finds a metric by Keras's name. `accuracy` is the form that fits output and loss, under the name it was asked by.
 * Source: `keras.src.trainers.compile_utils.is_binary_or_sparse_categorical`.
 */
export function getMetric(
  identifier: MetricName | Metric,
  { outputShape, loss }: { outputShape: Shape; loss: Loss },
): Metric {
  if (identifier instanceof Metric) return identifier;
  if (identifier === 'accuracy' || identifier === 'acc') {
    const options = { name: identifier };
    if (outputShape.at(-1) === 1) return new BinaryAccuracy(options);
    const sparse = loss.targetShape(outputShape).at(-1) === 1;
    return sparse ? new SparseCategoricalAccuracy(options) : new CategoricalAccuracy(options);
  }
  if (!Object.hasOwn(metrics, identifier))
    throw new ValueError(
      `Expected one of the metrics accuracy, ${Object.keys(metrics).join(', ')}. Received: '${identifier}'.`,
    );
  return new metrics[identifier]();
}
