import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { classIndices, lastSize, oneHot } from '../../graph/one-hot.js';
import type { Tensor } from '../../graph/tensor.js';
import type { Prediction, WrittenLoss } from '../../graph/training-plan.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { clip, Loss, type LossOptions } from './loss.js';

export interface CrossentropyOptions extends LossOptions {
  /** Whether the model's outputs are logits rather than probabilities. Default `false`. */
  fromLogits?: boolean;
}

export interface SmoothedCrossentropyOptions extends CrossentropyOptions {
  /** Share of each target that is spread evenly over all classes, from 0 to 1. Default 0. */
  labelSmoothing?: number;
}

/** Σ over the classes. */
export const sumOfClasses = (g: GraphBuilder, value: Value, keepdims = 0) =>
  g.op('ReduceSum', [value, g.ints(-1)], { keepdims });

/** −Σ y·log p over the classes, with y a distribution (B, C). */
const negativeSum = (g: GraphBuilder, y: Value, logP: Value) =>
  g.op('Neg', [sumOfClasses(g, g.op('Mul', [y, logP]))]);

/**
 * −Σ y·log softmax(z).
 *
 * @param p softmax(z), where it has been computed
 * @returns losses (B), and the gradient with respect to the logits: dz = (p − y)·dLoss
 */
const softmaxCrossentropy = (g: GraphBuilder, y: Value, z: Value, p?: Value) => ({
  losses: negativeSum(g, y, g.op('LogSoftmax', [z], { axis: -1 })),
  backward: (dLosses: Value) =>
    g.op('Mul', [g.op('Sub', [p ?? g.op('Softmax', [z], { axis: -1 }), y]), dLosses]),
});

/** Cross-entropy from logits, if there are any. */
function fromLogitsOf(
  g: GraphBuilder,
  y: Value,
  { output, logits }: Prediction,
  fromLogits: boolean,
): WrittenLoss | undefined {
  if (logits) {
    const p = logits.activation === 'softmax' ? output : undefined;
    const { losses, backward } = softmaxCrossentropy(g, y, logits.value, p);
    return { losses, backward: (dLosses) => ({ dLogits: backward(dLosses) }) };
  }
  if (!fromLogits) return undefined;
  const { losses, backward } = softmaxCrossentropy(g, y, output);
  return { losses, backward: (dLosses) => ({ dOutput: backward(dLosses) }) };
}

/** Cross-entropy against one-hot targets (B, C). Source: keras.losses.CategoricalCrossentropy. */
export class CategoricalCrossentropy extends Loss {
  static override readonly className = 'CategoricalCrossentropy';
  static override readonly floats = ['label_smoothing'];

  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: SmoothedCrossentropyOptions = {}) {
    const { fromLogits = false, labelSmoothing = 0, ...others } = named(options, new.target);
    super(others);
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
  }

  override get joinsOutputs(): boolean {
    return true;
  }

  override describeMismatch(targetShape: Shape, outputShape: Shape): string {
    return `${unequalShapes(targetShape, outputShape)}. Hint: toCategorical makes one-hot rows of class indices, and sparse_categorical_crossentropy takes them as they are.`;
  }

  override forward(g: GraphBuilder, target: Value, prediction: Prediction) {
    const y = smoothClasses(g, target, prediction.output, this.labelSmoothing);
    return fromLogitsOf(g, y, prediction, this.fromLogits) ?? this.#ofProbabilities(g, y, prediction.output);
  }

  /** Of probabilities of unknown making: q = p / Σp, then clipped. */
  #ofProbabilities(g: GraphBuilder, y: Value, p: Value): WrittenLoss {
    const total = sumOfClasses(g, p, 1);
    const q = g.op('Div', [p, total]);
    const { clipped, gate } = clip(g, q);
    return {
      losses: negativeSum(g, y, g.op('Log', [clipped])),
      backward(dLosses) {
        const dq = gate(g.op('Neg', [g.op('Div', [y, clipped])]));
        const dp = g.op('Div', [g.op('Sub', [dq, sumOfClasses(g, g.op('Mul', [dq, q]), 1)]), total]);
        return { dOutput: g.op('Mul', [dp, dLosses]) };
      },
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      from_logits: this.fromLogits,
      label_smoothing: this.labelSmoothing,
      axis: -1,
    };
  }
}

/** Cross-entropy against class indices (B, 1). Source: keras.losses.SparseCategoricalCrossentropy. */
export class SparseCategoricalCrossentropy extends Loss {
  static override readonly className = 'SparseCategoricalCrossentropy';

  readonly fromLogits: boolean;

  constructor(options: CrossentropyOptions = {}) {
    const { fromLogits = false, ...others } = named(options, new.target);
    super(others);
    this.fromLogits = fromLogits;
  }

  override targetShape(outputShape: Shape): readonly number[] {
    return [...super.targetShape(outputShape).slice(0, -1), 1];
  }

  override describeMismatch(targetShape: Shape, outputShape: Shape): string {
    const [target, output] = [pythonTuple(targetShape), pythonTuple(outputShape)];
    const hint = 'Hint: categorical_crossentropy takes one-hot rows.';
    return targetShape.length === outputShape.length - 1
      ? `Arguments \`target\` and \`output\` must have the same shape up until the last dimension: target.shape=${target}, output.shape=${output}. ${hint}`
      : `Argument \`output\` must have rank (ndim) \`target.ndim - 1\`. Received: target.shape=${target}, output.shape=${output}. ${hint}`;
  }

  /** @throws ValueError for an index that is no class's: TensorFlow's words. */
  override checkTargets({ data }: Tensor<'float32'>, outputShape: Shape): void {
    const classes = outputShape.at(-1) as number;
    const strange = data.find((index) => !(index >= 0 && index < classes));
    if (strange !== undefined)
      throw new ValueError(
        `Received a label value of ${strange} which is outside the valid range of [0, ${classes}).`,
      );
  }

  override forward(g: GraphBuilder, target: Value, prediction: Prediction) {
    const y = oneHot(g, classIndices(g, target), lastSize(g, prediction.output));
    return fromLogitsOf(g, y, prediction, this.fromLogits) ?? this.#ofProbabilities(g, y, prediction.output);
  }

  /** Of probabilities of unknown making: clipped, and their logarithms taken for logits. */
  #ofProbabilities(g: GraphBuilder, y: Value, p: Value): WrittenLoss {
    const { clipped, gate } = clip(g, p);
    const { losses, backward } = softmaxCrossentropy(g, y, g.op('Log', [clipped]));
    return {
      losses,
      backward: (dLosses) => ({ dOutput: gate(g.op('Div', [backward(dLosses), clipped])) }),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), from_logits: this.fromLogits, ignore_class: null };
  }
}

/** y·(1 − s) + s/C, for one-hot rows. */
export function smoothClasses(g: GraphBuilder, y: Value, output: Value, s: number): Value {
  if (s === 0) return y;
  const share = g.op('Div', [g.scalar(s), g.cast(lastSize(g, output), 'float32')]);
  return g.op('Add', [g.op('Mul', [y, g.scalar(1 - s)]), share]);
}

/** Keras's words for targets that are not of the outputs' shape. */
export const unequalShapes = (targetShape: Shape, outputShape: Shape): string =>
  `Arguments \`target\` and \`output\` must have the same ${targetShape.length === outputShape.length ? 'shape' : 'rank (ndim)'}. Received: target.shape=${pythonTuple(targetShape)}, output.shape=${pythonTuple(outputShape)}`;

/** Cross-entropy of each output by itself, averaged over the outputs. Source: keras.losses.BinaryCrossentropy. */
export class BinaryCrossentropy extends Loss {
  static override readonly className = 'BinaryCrossentropy';
  static override readonly floats = ['label_smoothing'];

  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: SmoothedCrossentropyOptions = {}) {
    const { fromLogits = false, labelSmoothing = 0, ...others } = named(options, new.target);
    super(others);
    if (labelSmoothing < 0 || labelSmoothing > 1)
      throw new ValueError(`Expected \`labelSmoothing\` between 0 and 1. Received: ${labelSmoothing}.`);
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
  }

  override describeMismatch(targetShape: Shape, outputShape: Shape): string {
    return unequalShapes(targetShape, outputShape);
  }

  override forward(g: GraphBuilder, target: Value, prediction: Prediction) {
    const { terms, backward } = binaryTerms(
      g,
      smoothBits(g, target, this.labelSmoothing),
      prediction,
      this.fromLogits,
    );
    return {
      losses: g.op('ReduceMean', [terms], { axes: [-1], keepdims: 0 }),
      backward(dLosses: Value) {
        const outputs = g.cast(lastSize(g, prediction.output), 'float32');
        return backward(g.op('Div', [dLosses, outputs]));
      },
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      from_logits: this.fromLogits,
      label_smoothing: this.labelSmoothing,
      axis: -1,
    };
  }
}

/** y·(1 − s) + s/2, for bits. */
export const smoothBits = (g: GraphBuilder, y: Value, s: number): Value =>
  s === 0 ? y : g.op('Add', [g.op('Mul', [y, g.scalar(1 - s)]), g.scalar(s / 2)]);

/**
 * −y·log p − (1 − y)·log(1 − p) of each output, from logits if there are any.
 *
 * @returns terms (B, C), and from the gradient with respect to each, or one number for all, to that of the prediction
 */
export function binaryTerms(
  g: GraphBuilder,
  y: Value,
  { output, logits }: Prediction,
  fromLogits: boolean,
): { terms: Value; backward(dTerms: Value): { dOutput: Value } | { dLogits: Value } } {
  const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
  const one = g.scalar(1);
  const z = logits?.value ?? (fromLogits ? output : undefined);
  if (z !== undefined) {
    // max(z, 0) − z·y + log(1 + e^−|z|)
    const softplus = op('Log', op('Add', op('Exp', op('Neg', op('Abs', z))), one));
    return {
      terms: op('Add', op('Sub', op('Relu', z), op('Mul', z, y)), softplus),
      backward(dTerms) {
        const p = logits?.activation === 'sigmoid' ? output : op('Sigmoid', z);
        const dz = op('Mul', op('Sub', p, y), dTerms);
        return logits ? { dLogits: dz } : { dOutput: dz };
      },
    };
  }
  const { clipped: p, gate } = clip(g, output);
  const [notP, notY] = [op('Sub', one, p), op('Sub', one, y)];
  return {
    terms: op('Neg', op('Add', op('Mul', y, op('Log', p)), op('Mul', notY, op('Log', notP)))),
    backward(dTerms) {
      const dP = op('Sub', op('Div', notY, notP), op('Div', y, p));
      return { dOutput: op('Mul', gate(dP), dTerms) };
    },
  };
}
