import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';
import type { LossReduction, WrittenLoss } from './training-plan.js';

/** The losses of a batch as one number. */
export interface ReducedLoss {
  /** The loss of the batch times the number of its samples: float32 (1). */
  readonly total: Value;
  /** Float32 (1), the number of samples. */
  readonly count: Value;
  /** Writes the gradient of the number with respect to each loss: (B, 1), or (1) for all. */
  dLosses(): Value;
}

/**
 * Sums up the losses of a batch.
 *
 * @param sampleWeight float32 (B)
 * Source: keras.src.losses.loss.reduce_weighted_values
 */
export function reduceLosses(
  g: GraphBuilder,
  { losses, positions, isShared = false }: WrittenLoss,
  given: LossReduction | null,
  sampleWeight?: Value,
): ReducedLoss {
  const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
  // Keras leaves a loss that is one number as it is, unless samples have weights.
  const reduction = isShared && sampleWeight === undefined ? 'mean' : given;
  const count = g.cast(op('Shape', losses), 'float32');
  const weighted = sampleWeight ? op('Mul', losses, sampleWeight) : losses;
  const sum = g.op('ReduceSum', [weighted], { keepdims: 1 });
  const column = () => sampleWeight && op('Unsqueeze', sampleWeight, g.ints(1));
  /** Each loss's share, times its own weight. */
  const weigh = (share: Value | undefined) => {
    const weight = column();
    if (weight === undefined) return share ?? g.scalar(1);
    return share === undefined ? weight : op('Mul', weight, share);
  };

  if (reduction === 'sum' || reduction === 'none' || reduction === null) {
    const all = positions === undefined ? sum : op('Mul', sum, positions);
    return {
      total: reduction === 'sum' ? op('Mul', all, count) : sum,
      count,
      dLosses: () => weigh(positions),
    };
  }
  if (reduction === 'mean_with_sample_weight' && sampleWeight !== undefined) {
    const weights = g.op('ReduceSum', [sampleWeight], { keepdims: 1 });
    const nothing = op('Equal', weights, g.scalar(0));
    const inverse = op('Where', nothing, g.scalar(0), op('Reciprocal', weights));
    const share = positions === undefined ? inverse : op('Mul', inverse, positions);
    return { total: op('Mul', op('Mul', sum, share), count), count, dLosses: () => weigh(share) };
  }
  return { total: sum, count, dLosses: () => weigh(op('Reciprocal', count)) };
}
