/** Losses of real numbers: the mean over the outputs of a function of output p and target y, which are broadcast. */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { lastSize } from '../../graph/one-hot.js';
import type { Prediction, WrittenLoss } from '../../graph/training-plan.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { epsilon, Loss, type LossOptions } from './loss.js';

/** The losses of all outputs, and how they change with p; the derivative is written only where it is needed. */
export interface LossOfOutputs {
  readonly values: Value;
  derivative(): Value;
}

/** The mean over outputs (B, C) of a loss that each of them has. */
export abstract class MeanOfOutputs extends Loss {
  override get broadcasts(): boolean {
    return true;
  }

  protected abstract ofOutputs(g: GraphBuilder, y: Value, p: Value): LossOfOutputs;

  override forward(g: GraphBuilder, target: Value, { output }: Prediction): WrittenLoss {
    const { values, derivative } = this.ofOutputs(g, target, output);
    return {
      losses: g.op('ReduceMean', [values], { axes: [-1], keepdims: 0 }),
      backward(dLosses) {
        const outputs = g.cast(lastSize(g, output), 'float32');
        return { dOutput: g.op('Mul', [derivative(), g.op('Div', [dLosses, outputs])]) };
      },
    };
  }
}

/** The mean of (p − y)². Source: keras.losses.MeanSquaredError. */
export class MeanSquaredError extends MeanOfOutputs {
  static override readonly className = 'MeanSquaredError';

  protected override ofOutputs(g: GraphBuilder, y: Value, p: Value): LossOfOutputs {
    const difference = g.op('Sub', [p, y]);
    return {
      values: g.op('Mul', [difference, difference]),
      derivative: () => g.op('Mul', [difference, g.scalar(2)]),
    };
  }
}

/** The mean of |p − y|. Source: keras.losses.MeanAbsoluteError. */
export class MeanAbsoluteError extends MeanOfOutputs {
  static override readonly className = 'MeanAbsoluteError';

  protected override ofOutputs(g: GraphBuilder, y: Value, p: Value): LossOfOutputs {
    const difference = g.op('Sub', [p, y]);
    return { values: g.op('Abs', [difference]), derivative: () => g.op('Sign', [difference]) };
  }
}

/** The mean of 100·|p − y| / |y|, with |y| at least 1e-7. Source: keras.losses.MeanAbsolutePercentageError. */
export class MeanAbsolutePercentageError extends MeanOfOutputs {
  static override readonly className = 'MeanAbsolutePercentageError';

  protected override ofOutputs(g: GraphBuilder, y: Value, p: Value): LossOfOutputs {
    const size = g.op('Max', [g.op('Abs', [y]), g.scalar(epsilon)]);
    const share = g.op('Div', [g.op('Sub', [p, y]), size]);
    const percent = (value: Value) => g.op('Mul', [value, g.scalar(100)]);
    return {
      values: percent(g.op('Abs', [share])),
      derivative: () => percent(g.op('Div', [g.op('Sign', [share]), size])),
    };
  }
}

/** The mean of (log(1 + p) − log(1 + y))², both at least 1e-7. Source: keras.losses.MeanSquaredLogarithmicError. */
export class MeanSquaredLogarithmicError extends MeanOfOutputs {
  static override readonly className = 'MeanSquaredLogarithmicError';

  protected override ofOutputs(g: GraphBuilder, y: Value, p: Value): LossOfOutputs {
    const least = g.scalar(epsilon);
    const above = (value: Value) => g.op('Add', [g.op('Max', [value, least]), g.scalar(1)]);
    const onePlusP = above(p);
    const difference = g.op('Sub', [g.op('Log', [onePlusP]), g.op('Log', [above(y)])]);
    return {
      values: g.op('Mul', [difference, difference]),
      derivative: () => {
        const slope = g.op('Div', [g.op('Mul', [difference, g.scalar(2)]), onePlusP]);
        return g.op('Mul', [slope, g.cast(g.op('GreaterOrEqual', [p, least]), 'float32')]);
      },
    };
  }
}

export interface HuberOptions extends LossOptions {
  /** Where the square ends and the line begins. Default 1. */
  delta?: number;
}

/** The mean of ½(p − y)² up to |p − y| = δ, and of δ·|p − y| − ½δ² beyond. Source: keras.losses.Huber. */
export class Huber extends MeanOfOutputs {
  static override readonly className = 'Huber';

  static override readonly floats = ['delta'];

  readonly delta: number;

  constructor(options: HuberOptions = {}) {
    const { delta = 1, name = 'huber_loss', ...others } = named(options, new.target);
    super({ name, ...others });
    this.delta = delta;
  }

  protected override ofOutputs(g: GraphBuilder, y: Value, p: Value): LossOfOutputs {
    const { delta } = this;
    const error = g.op('Sub', [p, y]);
    // The derivative is the error itself, up to δ; the loss is (|error| − ½·clipped)·clipped of both signs alike.
    const size = g.op('Abs', [error]);
    const near = g.op('Min', [size, g.scalar(delta)]);
    return {
      values: g.op('Mul', [near, g.op('Sub', [size, g.op('Mul', [near, g.scalar(0.5)])])]),
      derivative: () => g.op('Clip', [error, g.scalar(-delta), g.scalar(delta)]),
    };
  }

  /** Keras reads `delta`, but forgets to write it: a loss that is saved there comes back with the default. */
  override getConfig(): Config {
    return { ...super.getConfig(), ...(this.delta === 1 ? {} : { delta: this.delta }) };
  }
}

/** The mean of log cosh(p − y). Source: keras.losses.LogCosh. */
export class LogCosh extends MeanOfOutputs {
  static override readonly className = 'LogCosh';

  protected override ofOutputs(g: GraphBuilder, y: Value, p: Value): LossOfOutputs {
    const error = g.op('Sub', [p, y]);
    // log cosh x = x + log(1 + e^−2x) − log 2
    const softplus = g.op('Softplus', [g.op('Mul', [error, g.scalar(-2)])]);
    return {
      values: g.op('Sub', [g.op('Add', [error, softplus]), g.scalar(Math.LN2)]),
      derivative: () => g.op('Tanh', [error]),
    };
  }
}

/** The mean of p − y·log(p + 1e-7). Source: keras.losses.Poisson. */
export class Poisson extends MeanOfOutputs {
  static override readonly className = 'Poisson';

  protected override ofOutputs(g: GraphBuilder, y: Value, p: Value): LossOfOutputs {
    const positive = g.op('Add', [p, g.scalar(epsilon)]);
    return {
      values: g.op('Sub', [p, g.op('Mul', [y, g.op('Log', [positive])])]),
      derivative: () => g.op('Sub', [g.scalar(1), g.op('Div', [y, positive])]),
    };
  }
}
