/** Cross-entropies that count less where the model is sure and right. Source: https://arxiv.org/abs/1708.02002 */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { lastSize } from '../../graph/one-hot.js';
import { float32 } from '../../graph/tensor.js';
import type { Prediction, WrittenLoss } from '../../graph/training-plan.js';
import { named } from '../../named-options.js';
import { getActivation } from '../activations.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import {
  binaryTerms,
  type SmoothedCrossentropyOptions,
  smoothBits,
  smoothClasses,
  sumOfClasses,
  unequalShapes,
} from './crossentropy.js';
import { clip, Loss } from './loss.js';

export interface BinaryFocalCrossentropyOptions extends SmoothedCrossentropyOptions {
  /** Whether ones weigh `alpha` and zeros 1 − `alpha`. Default `false`. */
  applyClassBalancing?: boolean;
  /** Default 0.25. */
  alpha?: number;
  /** The power of 1 − the probability of what is right. Default 2. */
  gamma?: number;
}

/**
 * (1 − q)^γ · binary cross-entropy of each output, averaged over the outputs; q is the probability of what is right.
 *
 * Source: keras.losses.BinaryFocalCrossentropy.
 */
export class BinaryFocalCrossentropy extends Loss {
  static override readonly className = 'BinaryFocalCrossentropy';
  static override readonly floats = ['label_smoothing', 'alpha', 'gamma'];

  readonly applyClassBalancing: boolean;
  readonly alpha: number;
  readonly gamma: number;
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: BinaryFocalCrossentropyOptions = {}) {
    const {
      applyClassBalancing = false,
      alpha = 0.25,
      gamma = 2,
      fromLogits = false,
      labelSmoothing = 0,
      ...others
    } = named(options, new.target);
    super(others);
    this.applyClassBalancing = applyClassBalancing;
    this.alpha = alpha;
    this.gamma = gamma;
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
  }

  override describeMismatch(targetShape: Shape, outputShape: Shape): string {
    return unequalShapes(targetShape, outputShape);
  }

  override forward(g: GraphBuilder, target: Value, { output, logits }: Prediction): WrittenLoss {
    const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
    const one = g.scalar(1);
    const y = smoothBits(g, target, this.labelSmoothing);
    const notY = op('Sub', one, y);
    // Keras takes the logits of a sigmoid for the cross-entropy, and its probabilities for the factor.
    const p = this.fromLogits ? op('Sigmoid', output) : output;
    const { terms, backward } = binaryTerms(
      g,
      y,
      this.fromLogits ? { output: p } : { output, logits },
      false,
    );
    const wrong = op('Add', op('Mul', y, op('Sub', one, p)), op('Mul', notY, p));
    const power = (exponent: number) => op('Pow', wrong, g.scalar(exponent));
    const weight = this.applyClassBalancing
      ? op('Add', op('Mul', y, g.scalar(this.alpha)), op('Mul', notY, g.scalar(1 - this.alpha)))
      : one;
    const factor = op('Mul', weight, power(this.gamma));
    return {
      losses: g.op('ReduceMean', [op('Mul', factor, terms)], { axes: [-1], keepdims: 0 }),
      backward: (dLosses) => {
        const share = op('Div', dLosses, g.cast(lastSize(g, output), 'float32'));
        // d(1 − q)/dp = 1 − 2y
        const slope = op('Sub', notY, y);
        const dFactor = op('Mul', op('Mul', g.scalar(this.gamma), power(this.gamma - 1)), slope);
        const dP = op('Mul', op('Mul', op('Mul', weight, dFactor), terms), share);
        const dTerms = backward(op('Mul', factor, share));
        const through = (activation: 'sigmoid' | 'softmax') =>
          getActivation(activation).backward(g, dP, { x: logits?.value ?? output, y: p });
        if ('dLogits' in dTerms)
          return { dLogits: op('Add', dTerms.dLogits, through(logits?.activation ?? 'sigmoid')) };
        if (!this.fromLogits) return { dOutput: op('Add', dTerms.dOutput, dP) };
        const whole = op('Add', dTerms.dOutput, dP);
        return { dOutput: getActivation('sigmoid').backward(g, whole, { x: output, y: p }) };
      },
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      from_logits: this.fromLogits,
      label_smoothing: this.labelSmoothing,
      axis: -1,
      apply_class_balancing: this.applyClassBalancing,
      alpha: this.alpha,
      gamma: this.gamma,
    };
  }
}

export interface CategoricalFocalCrossentropyOptions extends SmoothedCrossentropyOptions {
  /** The weight of all classes, or one for each. Default 0.25. */
  alpha?: number | readonly number[];
  /** The power of 1 − the probability of each class. Default 2. */
  gamma?: number;
}

/** Σ −α·(1 − p)^γ·y·log p over the classes. Source: keras.losses.CategoricalFocalCrossentropy. */
export class CategoricalFocalCrossentropy extends Loss {
  static override readonly className = 'CategoricalFocalCrossentropy';
  static override readonly floats = ['label_smoothing', 'alpha', 'gamma'];

  readonly alpha: number | readonly number[];
  readonly gamma: number;
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: CategoricalFocalCrossentropyOptions = {}) {
    const {
      alpha = 0.25,
      gamma = 2,
      fromLogits = false,
      labelSmoothing = 0,
      ...others
    } = named(options, new.target);
    super(others);
    this.alpha = alpha;
    this.gamma = gamma;
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
  }

  override get joinsOutputs(): boolean {
    return true;
  }

  override forward(g: GraphBuilder, target: Value, { output }: Prediction): WrittenLoss {
    const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
    const { gamma } = this;
    const alpha =
      typeof this.alpha === 'number' ? g.scalar(this.alpha) : g.initializer('alpha', float32(this.alpha));
    const y = op('Mul', smoothClasses(g, target, output, this.labelSmoothing), alpha);
    const p = this.fromLogits ? g.op('Softmax', [output], { axis: -1 }) : output;
    const total = sumOfClasses(g, p, 1);
    const q = op('Div', p, total);
    const { clipped, gate } = clip(g, q);
    const log = op('Log', clipped);
    const notQ = op('Sub', g.scalar(1), clipped);
    const power = (exponent: number) => op('Pow', notQ, g.scalar(exponent));
    const terms = op('Mul', y, op('Mul', power(gamma), log));
    return {
      losses: op('Neg', sumOfClasses(g, terms)),
      backward: (dLosses) => {
        // d(−(1 − q)^γ·log q)/dq = γ·(1 − q)^(γ−1)·log q − (1 − q)^γ / q
        const bend = op('Mul', op('Mul', g.scalar(gamma), power(gamma - 1)), log);
        const dq = gate(op('Mul', y, op('Sub', bend, op('Div', power(gamma), clipped))));
        const dot = sumOfClasses(g, op('Mul', dq, q), 1);
        const dp = op('Mul', op('Div', op('Sub', dq, dot), total), dLosses);
        if (!this.fromLogits) return { dOutput: dp };
        return { dOutput: getActivation('softmax').backward(g, dp, { x: output, y: p }) };
      },
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      from_logits: this.fromLogits,
      label_smoothing: this.labelSmoothing,
      axis: -1,
      alpha: this.alpha,
      gamma: this.gamma,
    };
  }
}
