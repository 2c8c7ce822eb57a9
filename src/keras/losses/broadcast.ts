/** Targets and outputs of several shapes: axes of length 1 are repeated, as NumPy does. */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { sumTo } from '../../graph/sum-to.js';
import type { LossWriter, MetricWriter, Prediction } from '../../graph/training-plan.js';
import type { Shape } from '../symbolic-shape.js';

/** Whether two shapes of one rank can be broadcast to one. */
export const areBroadcastable = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i] || size === 1 || b[i] === 1);

/** Target and output, each repeated to the shape that both have then. */
function repeat(g: GraphBuilder, target: Value, { output }: Prediction) {
  const shape = g.op('Max', [g.op('Shape', [target]), g.op('Shape', [output])]);
  return { target: g.op('Expand', [target, shape]), prediction: { output: g.op('Expand', [output, shape]) } };
}

/** A loss that takes targets of every shape that can be broadcast with the outputs. @param rank of the outputs */
export const broadcastLoss = (loss: LossWriter, rank: number): LossWriter => ({
  reduction: loss.reduction,
  forward(g, target, prediction) {
    const repeated = repeat(g, target, prediction);
    const { backward, ...written } = loss.forward(g, repeated.target, repeated.prediction);
    return {
      ...written,
      backward(dLosses) {
        const gradient = backward(dLosses);
        if ('dLogits' in gradient) return gradient;
        return { dOutput: sumTo(g, gradient.dOutput, prediction.output, rank) };
      },
    };
  },
});

/** A metric that takes targets of every shape that can be broadcast with the outputs. */
export const broadcastMetric = (metric: MetricWriter): MetricWriter => ({
  name: metric.name,
  sums: metric.sums,
  isWeighted: metric.isWeighted,
  forward(g, target, prediction, sampleWeight) {
    const repeated = repeat(g, target, prediction);
    return metric.forward(g, repeated.target, repeated.prediction, sampleWeight);
  },
});
