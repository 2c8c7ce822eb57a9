/**
 * Outputs of rank 3 and more: each position of a sample is a row of its own.
 *
 * Axes: B samples, P positions of a sample (all axes between the first and the last), C outputs of a position.
 */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { lastSize } from '../../graph/one-hot.js';
import type { LossWriter, MetricWriter, Prediction } from '../../graph/training-plan.js';

/** (B, …, C) → (B·P, C) */
const toRows = (g: GraphBuilder, value: Value): Value =>
  g.op('Reshape', [value, g.op('Concat', [g.ints(-1), lastSize(g, value)], { axis: 0 })]);

/** Output and logits as rows; gradients with respect to rows go back through them. */
const predictionRows = (g: GraphBuilder, { output, logits }: Prediction): Prediction => ({
  output: toRows(g, output),
  logits: logits && { ...logits, value: toRows(g, logits.value) },
});

/**
 * A loss of rows as one of samples: the mean over a sample's positions, as Keras takes the mean over every axis.
 *
 * Source: keras.src.losses.loss.reduce_weighted_values
 */
export const lossOfPositions = (loss: LossWriter): LossWriter => ({
  reduction: loss.reduction,
  forward(g, target, prediction) {
    const shape = g.op('Shape', [prediction.output]);
    const batch = g.op('Slice', [shape, g.ints(0), g.ints(1)]);
    const { losses, backward } = loss.forward(g, toRows(g, target), predictionRows(g, prediction));
    // (B·P) → (B, P)
    const byPosition = g.op('Reshape', [losses, g.op('Concat', [batch, g.ints(-1)], { axis: 0 })]);
    const dims = g.op('Shape', [byPosition]);
    const positions = g.cast(g.op('Gather', [dims, g.ints(1)]), 'float32');
    return {
      positions,
      losses: g.op('ReduceMean', [byPosition], { axes: [1], keepdims: 0 }),
      backward(dLosses) {
        // Every position has an equal share of its sample's gradient: (B, 1) or (1) → (B·P, 1).
        const each = g.op('Expand', [g.op('Div', [dLosses, positions]), dims]);
        const gradient = backward(g.op('Reshape', [each, g.ints(-1, 1)]));
        const whole = (dRows: Value) => g.op('Reshape', [dRows, shape]);
        return 'dLogits' in gradient
          ? { dLogits: whole(gradient.dLogits) }
          : { dOutput: whole(gradient.dOutput) };
      },
    };
  },
});

/** A metric of rows as one of outputs of higher rank: every position counts as a sample. */
export const metricOfPositions = (metric: MetricWriter): MetricWriter => ({
  name: metric.name,
  sums: metric.sums,
  isWeighted: metric.isWeighted,
  forward(g, target, prediction, sampleWeight) {
    const rows = predictionRows(g, prediction);
    if (sampleWeight === undefined) return metric.forward(g, toRows(g, target), rows);
    // Each position weighs as much as its sample: (B) → (B, P) → (B·P).
    const count = g.op('Slice', [g.op('Shape', [rows.output]), g.ints(0), g.ints(1)]);
    const batch = g.op('Shape', [sampleWeight]);
    const dims = g.op('Concat', [batch, g.op('Div', [count, batch])], { axis: 0 });
    const each = g.op('Expand', [g.op('Unsqueeze', [sampleWeight, g.ints(1)]), dims]);
    return metric.forward(g, toRows(g, target), rows, g.op('Reshape', [each, g.ints(-1)]));
  },
});
