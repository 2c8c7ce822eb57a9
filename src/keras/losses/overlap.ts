/** Losses of how far two regions do not overlap, for segmentation. */
import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Prediction, WrittenLoss } from '../../graph/training-plan.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { epsilon, Loss, type LossOptions } from './loss.js';

export interface DiceOptions extends LossOptions {
  /** The axes that a region extends over, without the batch, which is axis 0. Default `null`: all, the batch too. */
  axis?: number | readonly number[] | null;
}

export interface TverskyOptions extends DiceOptions {
  /** The weight of what is missed. Default 0.5. */
  alpha?: number;
  /** The weight of what is there too much. Default 0.5. */
  beta?: number;
}

/** Sums of a region: of both, of the target y and of the output p. */
interface Sums {
  readonly both: Value;
  readonly y: Value;
  readonly p: Value;
}

/** 1 − 2·Σ y·p / (Σ y + Σ p), and its like. */
abstract class Overlap extends Loss {
  readonly axis: number | readonly number[] | null;

  constructor(options: DiceOptions) {
    const { axis = null, ...others } = named(options, new.target);
    super(others);
    if (axis !== null && [axis].flat().includes(0))
      throw new ValueError(
        `Expected axes of one sample. Received: axis=${axis}, with the batch, which is axis 0. Hint: pass no axis for all of them, the batch included.`,
      );
    this.axis = axis;
  }

  override get joinsOutputs(): boolean {
    return this.axis !== null;
  }

  override get takesPositions(): boolean {
    return true;
  }

  override get needsWholeBatch(): boolean {
    return this.axis === null || super.needsWholeBatch;
  }

  /** The share that does not overlap, and its derivatives with respect to the sums `both` and `p`. */
  protected abstract ofSums(
    g: GraphBuilder,
    sums: Sums,
  ): { values: Value; derivatives(): { both: Value; p: Value } };

  override forward(g: GraphBuilder, y: Value, { output: p }: Prediction): WrittenLoss {
    const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
    const { axis } = this;
    const axes = axis === null ? [] : [g.ints(...[axis].flat())];
    const sum = (value: Value) => g.op('ReduceSum', [value, ...axes], { keepdims: 1 });
    const sums = { both: sum(op('Mul', y, p)), y: sum(y), p: sum(p) };
    const { values, derivatives } = this.ofSums(g, sums);
    /** dLosses, spread over the regions (B, …). */
    const backwardWith = (dValues: Value) => {
      const { both, p: dSumP } = derivatives();
      const dp = op('Add', op('Mul', y, op('Mul', both, dValues)), op('Mul', dSumP, dValues));
      return { dOutput: dp };
    };
    const batch = g.op('Slice', [op('Shape', p), g.ints(0), g.ints(1)]);
    if (axis === null)
      return {
        isShared: true,
        losses: op('Expand', op('Reshape', values, g.ints(1)), batch),
        backward: (dLosses) => {
          const each = op('Expand', dLosses, g.op('Concat', [batch, g.ints(1)], { axis: 0 }));
          return backwardWith(op('Reshape', g.op('ReduceSum', [each], { keepdims: 0 }), op('Shape', values)));
        },
      };
    const dims = g.op('Concat', [batch, g.ints(-1)], { axis: 0 });
    const regions = op('Reshape', values, dims);
    const shape = op('Shape', regions);
    const positions = g.cast(op('Gather', shape, g.ints(1)), 'float32');
    return {
      positions,
      losses: g.op('ReduceMean', [regions], { axes: [1], keepdims: 0 }),
      backward: (dLosses) => {
        const each = op('Expand', op('Div', dLosses, positions), shape);
        return backwardWith(op('Reshape', each, op('Shape', values)));
      },
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}

/** 1 − 2·Σ y·p / (Σ y + Σ p + 1e-7). Source: keras.losses.Dice. */
export class Dice extends Overlap {
  static override readonly className = 'Dice';

  constructor(options: DiceOptions = {}) {
    super(options);
  }

  protected override ofSums(g: GraphBuilder, { both, y, p }: Sums) {
    const total = g.op('Add', [g.op('Add', [y, p]), g.scalar(epsilon)]);
    const share = g.op('Div', [g.op('Mul', [both, g.scalar(2)]), total]);
    return {
      values: g.op('Sub', [g.scalar(1), share]),
      derivatives: () => ({
        both: g.op('Div', [g.scalar(-2), total]),
        p: g.op('Div', [share, total]),
      }),
    };
  }
}

/** 1 − Σ y·p / (Σ y·p + α·Σ y·(1 − p) + β·Σ (1 − y)·p + 1e-7). Source: keras.losses.Tversky. */
export class Tversky extends Overlap {
  static override readonly className = 'Tversky';
  static override readonly floats = ['alpha', 'beta'];

  readonly alpha: number;
  readonly beta: number;

  constructor(options: TverskyOptions = {}) {
    const { alpha = 0.5, beta = 0.5, ...others } = named(options, new.target);
    super(others);
    this.alpha = alpha;
    this.beta = beta;
  }

  protected override ofSums(g: GraphBuilder, { both, y, p }: Sums) {
    const { alpha, beta } = this;
    const times = (value: Value, factor: number) => g.op('Mul', [value, g.scalar(factor)]);
    const missed = times(g.op('Sub', [y, both]), alpha);
    const tooMuch = times(g.op('Sub', [p, both]), beta);
    const wrong = g.op('Add', [g.op('Add', [both, missed]), tooMuch]);
    const total = g.op('Add', [wrong, g.scalar(epsilon)]);
    const share = g.op('Div', [both, total]);
    return {
      values: g.op('Sub', [g.scalar(1), share]),
      derivatives: () => ({
        // −1/total + share·(1 − α − β)/total
        both: g.op('Div', [g.op('Sub', [times(share, 1 - alpha - beta), g.scalar(1)]), total]),
        p: g.op('Div', [times(share, beta), total]),
      }),
    };
  }

  override getConfig(): Config {
    const { axis: _, ...config } = super.getConfig();
    return { ...config, alpha: this.alpha, beta: this.beta, axis: this.axis };
  }
}
