import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Tensor } from '../../graph/tensor.js';
import type { LossReduction, LossWriter, Prediction, WrittenLoss } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import { toSnakeCase } from '../naming.js';
import { pythonTuple } from '../python/format.js';
import type { Config } from '../serialized.js';
import { type Shape, withRank } from '../symbolic-shape.js';
import { areBroadcastable } from './broadcast.js';

export type { LossReduction } from '../../graph/training-plan.js';

export interface LossOptions {
  /**
   * How the losses of a batch become one number: their sum divided by their count, which `mean` is another name of;
   * their `sum`; their sum divided by the sum of the samples' weights; or `none`, where gradients are those of the
   * sum, and the mean is told. Default: `sum_over_batch_size`.
   */
  reduction?: LossReduction | null;
  /** In files. Default: the class's name in snake case. */
  name?: string;
}

const reductions: readonly (LossReduction | null)[] = [
  'sum_over_batch_size',
  'sum',
  null,
  'none',
  'mean',
  'mean_with_sample_weight',
];

/**
 * How far predictions (B, C) are from targets, one number a sample.
 *
 * Where the last layer is a softmax or sigmoid, cross-entropies and their gradients are computed from its logits, as
 * Keras does on TensorFlow: exact where probabilities would round to 0 or 1. As there, it does not matter which of
 * the two it is: categorical cross-entropy takes a sigmoid's logits for a softmax's, and the other way round.
 */
export abstract class Loss implements LossWriter {
  static readonly className?: string;
  /** Keys of the configuration whose numbers are floats. */
  static readonly floats: readonly string[] = [];

  readonly name: string;
  readonly reduction: LossReduction | null;

  /** @throws ValueError for a reduction that Keras does not know; TypeError for an option that the class does not */
  constructor(options: LossOptions = {}) {
    const { name, reduction = 'sum_over_batch_size', ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    this.name = name ?? toSnakeCase(this.className);
    if (!reductions.includes(reduction))
      throw new ValueError(
        `Invalid value for argument \`reduction\`. Expected one of ${reductions.map((known) => known ?? 'None').join(', ')}. Received: reduction=${reduction}`,
      );
    this.reduction = reduction;
  }

  get className(): string {
    const type = this.constructor as typeof Loss;
    return type.className ?? type.name;
  }

  abstract forward(g: GraphBuilder, target: Value, prediction: Prediction): WrittenLoss;

  /** Whether a batch's losses depend on all of its samples, so that several batches may not be measured as one. */
  get needsWholeBatch(): boolean {
    return this.reduction === 'sum' || this.reduction === 'mean_with_sample_weight';
  }

  /** Whether the outputs of a position belong together, as a distribution does, rather than each having a loss. */
  get joinsOutputs(): boolean {
    return false;
  }

  /** Whether it takes outputs of every rank as they are, rather than each position as a sample. */
  get takesPositions(): boolean {
    return false;
  }

  /** The shape of targets, without the batch, for outputs of this shape. */
  targetShape(outputShape: Shape): readonly number[] {
    const shape = outputShape.slice(1);
    if (shape.some((dim) => dim === null))
      throw new ValueError(`Expected an output of known shape. Received: (${outputShape}).`);
    return shape as number[];
  }

  /** Whether targets and outputs may differ where one of them has an axis of length 1. */
  get broadcasts(): boolean {
    return false;
  }

  /**
   * The dims of targets as the loss takes them, or `null` where they do not fit. As in Keras, a last axis of length 1
   * may be missing or too many; but where outputs belong together, Keras would drop the axis of the outputs (N, …, 1)
   * that targets lack, and take what lies along the axis before for them: refused.
   *
   * @param dims the batch first, as in `outputShape`
   */
  fitTargets(dims: readonly number[], outputShape: Shape): readonly number[] | null {
    const expected = this.targetShape(outputShape);
    if (this.joinsOutputs && dims.length === outputShape.length - 1 && dims.length > 1) return null;
    const fitted = withRank(dims, [null, ...expected]);
    const rest = fitted.slice(1);
    const fits = this.broadcasts ? areBroadcastable(rest, expected) : rest.join() === expected.join();
    return fits ? fitted : null;
  }

  /** The message for targets that do not fit outputs of this shape; the batch is first in both. */
  describeMismatch(targetShape: Shape, outputShape: Shape): string {
    const expected = [null, ...this.targetShape(outputShape)];
    return `Expected targets of shape ${pythonTuple(expected)}. Received: ${pythonTuple(targetShape)}.`;
  }

  /** Refuses targets that mean nothing for outputs of this shape. */
  checkTargets(_target: Tensor<'float32'>, _outputShape: Shape): void {}

  getConfig(): Config {
    return { name: this.name, reduction: this.reduction };
  }
}

/** Probabilities stay this far from 0 before the logarithm, and divisors from 0: `keras.config.epsilon()`. */
export const epsilon = 1e-7;

/** Clips probabilities for a logarithm. `gate` lets gradients through only where nothing was clipped. */
export function clip(
  g: GraphBuilder,
  p: Value,
  most = 1 - epsilon,
): { clipped: Value; gate(gradient: Value): Value } {
  const [low, high] = [g.scalar(epsilon), g.scalar(most)];
  return {
    clipped: g.op('Clip', [p, low, high]),
    gate(gradient) {
      const inside = g.op('And', [g.op('GreaterOrEqual', [p, low]), g.op('LessOrEqual', [p, high])]);
      return g.op('Where', [inside, gradient, g.scalar(0)]);
    },
  };
}
