import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Tensor } from '../../graph/tensor.js';
import type { LossWriter, Prediction } from '../../graph/training-plan.js';
import { toSnakeCase } from '../naming.js';
import { pythonTuple } from '../python/format.js';
import type { Config } from '../serialized.js';
import { type Shape, withRank } from '../symbolic-shape.js';
import { areBroadcastable } from './broadcast.js';

export interface LossOptions {
  /** In files. Default: the class's name in snake case. */
  name?: string;
}

/** Gradients through a loss, with respect to the output or to the logits. */
export type Backward = (dLosses: Value) => { dOutput: Value } | { dLogits: Value };

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

  constructor(name?: string) {
    this.name = name ?? toSnakeCase(this.className);
  }

  get className(): string {
    const type = this.constructor as typeof Loss;
    return type.className ?? type.name;
  }

  abstract forward(
    g: GraphBuilder,
    target: Value,
    prediction: Prediction,
  ): { losses: Value; backward: Backward };

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
   * may be missing or too many.
   *
   * @param dims the batch first, as in `outputShape`
   */
  fitTargets(dims: readonly number[], outputShape: Shape): readonly number[] | null {
    const expected = this.targetShape(outputShape);
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
    return { name: this.name, reduction: 'sum_over_batch_size' };
  }
}

/** Probabilities stay this far from 0 and 1 before the logarithm: `keras.config.epsilon()`. */
const epsilon = 1e-7;

/** Clips probabilities for a logarithm. `gate` lets gradients through only where nothing was clipped. */
export function clip(g: GraphBuilder, p: Value): { clipped: Value; gate(gradient: Value): Value } {
  const [low, high] = [g.scalar(epsilon), g.scalar(1 - epsilon)];
  return {
    clipped: g.op('Clip', [p, low, high]),
    gate(gradient) {
      const inside = g.op('And', [g.op('GreaterOrEqual', [p, low]), g.op('LessOrEqual', [p, high])]);
      return g.op('Where', [inside, gradient, g.scalar(0)]);
    },
  };
}
