/** Losses of the sign of an output p: targets y are −1 and 1, or 0 and 1. */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Prediction, WrittenLoss } from '../../graph/training-plan.js';
import { Loss } from './loss.js';
import { type LossOfOutputs, MeanOfOutputs } from './regression.js';

/** Targets as −1 and 1, where all of a batch are 0 or 1; others as they are. */
function toSigns(g: GraphBuilder, y: Value): Value {
  const isBit = g.op('Or', [g.op('Equal', [y, g.scalar(0)]), g.op('Equal', [y, g.scalar(1)])]);
  const flags = g.op('Reshape', [g.cast(isBit, 'float32'), g.ints(-1)]);
  const areBits = g.cast(g.op('ReduceMin', [flags], { axes: [0], keepdims: 0 }), 'bool');
  const signs = g.op('Sub', [g.op('Mul', [y, g.scalar(2)]), g.scalar(1)]);
  return g.op('Where', [areBits, signs, y]);
}

/** 1 − y·p where it is not negative, and 0 elsewhere. */
abstract class SignLoss extends MeanOfOutputs {
  /** Whether the targets are bits is decided of a batch. */
  override get needsWholeBatch(): boolean {
    return true;
  }

  protected override ofOutputs(g: GraphBuilder, target: Value, p: Value): LossOfOutputs {
    const y = toSigns(g, target);
    const margin = g.op('Sub', [g.scalar(1), g.op('Mul', [y, p])]);
    return this.ofMargin(g, margin, (slope) => g.op('Neg', [g.op('Mul', [y, slope])]));
  }

  protected abstract ofMargin(g: GraphBuilder, margin: Value, toP: (slope: Value) => Value): LossOfOutputs;
}

/** The mean of max(1 − y·p, 0). Source: keras.losses.Hinge. */
export class Hinge extends SignLoss {
  static override readonly className = 'Hinge';

  protected override ofMargin(g: GraphBuilder, margin: Value, toP: (slope: Value) => Value): LossOfOutputs {
    return {
      values: g.op('Max', [margin, g.scalar(0)]),
      derivative: () => toP(g.cast(g.op('GreaterOrEqual', [margin, g.scalar(0)]), 'float32')),
    };
  }
}

/** The mean of max(1 − y·p, 0)². Source: keras.losses.SquaredHinge. */
export class SquaredHinge extends SignLoss {
  static override readonly className = 'SquaredHinge';

  protected override ofMargin(g: GraphBuilder, margin: Value, toP: (slope: Value) => Value): LossOfOutputs {
    const open = g.op('Max', [margin, g.scalar(0)]);
    return {
      values: g.op('Mul', [open, open]),
      derivative: () => toP(g.op('Mul', [open, g.scalar(2)])),
    };
  }
}

/** max(1 + max((1 − y)·p) − Σ y·p, 0), for one-hot targets (B, C). Source: keras.losses.CategoricalHinge. */
export class CategoricalHinge extends Loss {
  static override readonly className = 'CategoricalHinge';

  override get joinsOutputs(): boolean {
    return true;
  }

  override get broadcasts(): boolean {
    return true;
  }

  override forward(g: GraphBuilder, y: Value, { output: p }: Prediction): WrittenLoss {
    const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
    const keep = { keepdims: 1 };
    const others = op('Sub', g.scalar(1), y);
    const wrong = op('Mul', others, p);
    const most = g.op('ReduceMax', [wrong], { axes: [-1], ...keep });
    const right = g.op('ReduceSum', [op('Mul', y, p), g.ints(-1)], keep);
    const margin = op('Add', op('Sub', most, right), g.scalar(1));
    return {
      losses: op('Squeeze', op('Max', margin, g.scalar(0)), g.ints(-1)),
      backward(dLosses) {
        // The largest of the others has the gradient; several that are alike share it.
        const isMost = g.cast(op('Equal', wrong, most), 'float32');
        const share = op('Div', isMost, g.op('ReduceSum', [isMost, g.ints(-1)], keep));
        const open = g.cast(op('GreaterOrEqual', margin, g.scalar(0)), 'float32');
        const slope = op('Sub', op('Mul', others, share), y);
        return { dOutput: op('Mul', op('Mul', slope, open), dLosses) };
      },
    };
  }
}
