/**
 * Outputs of rank 3 and more: each position of a sample is a row of its own.
 *
 * Axes: B samples, P positions of a sample (all axes between the first and the last), C outputs of a position, K
 * targets of a position.
 */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { LossWriter, MetricWriter, Prediction } from '../../graph/training-plan.js';

/** The last axes of the model's outputs and of its targets. */
export interface RowSizes {
  readonly outputs: number;
  readonly targets: number;
}

/** (B, …, C) → (B·P, C) */
const toRows = (g: GraphBuilder, value: Value, size: number): Value =>
  g.op('Reshape', [value, g.ints(-1, size)]);

/** Output and logits as rows; gradients with respect to rows go back through them. */
const predictionRows = (g: GraphBuilder, { output, logits }: Prediction, size: number): Prediction => ({
  output: toRows(g, output, size),
  logits: logits && { ...logits, value: toRows(g, logits.value, size) },
});

/**
 * A loss of rows as one of samples: the mean over a sample's positions, as Keras takes the mean over every axis.
 *
 * Source: keras.src.losses.loss.reduce_weighted_values
 */
export const lossOfPositions = (loss: LossWriter, sizes: RowSizes): LossWriter => ({
  forward(g, target, prediction) {
    const shape = g.op('Shape', [prediction.output]);
    const batch = g.op('Slice', [shape, g.ints(0), g.ints(1)]);
    const { losses, backward } = loss.forward(
      g,
      toRows(g, target, sizes.targets),
      predictionRows(g, prediction, sizes.outputs),
    );
    // (B·P) → (B, P)
    const byPosition = g.op('Reshape', [losses, g.op('Concat', [batch, g.ints(-1)], { axis: 0 })]);
    return {
      losses: g.op('ReduceMean', [byPosition], { axes: [1], keepdims: 0 }),
      backward(dLosses) {
        // Every position has an equal share of its sample's gradient: (B, 1) or (1) → (B·P, 1).
        const dims = g.op('Shape', [byPosition]);
        const positions = g.cast(g.op('Gather', [dims, g.ints(1)]), 'float32');
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
export const metricOfPositions = (metric: MetricWriter, sizes: RowSizes): MetricWriter => ({
  name: metric.name,
  sums: metric.sums,
  forward: (g, target, prediction) =>
    metric.forward(g, toRows(g, target, sizes.targets), predictionRows(g, prediction, sizes.outputs)),
});
