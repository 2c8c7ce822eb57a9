import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { lastSize } from '../../graph/one-hot.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import { Loss, type LossOptions } from './loss.js';

/** The mean of (p − y)² over the outputs; targets are broadcast. Source: keras.losses.MeanSquaredError. */
export class MeanSquaredError extends Loss {
  static override readonly className = 'MeanSquaredError';

  constructor(options: LossOptions = {}) {
    const { name, ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    super(name);
  }

  override get broadcasts(): boolean {
    return true;
  }

  override forward(g: GraphBuilder, target: Value, { output }: Prediction) {
    const difference = g.op('Sub', [output, target]);
    const square = g.op('Mul', [difference, difference]);
    return {
      losses: g.op('ReduceMean', [square], { axes: [-1], keepdims: 0 }),
      backward(dLosses: Value) {
        const outputs = g.cast(lastSize(g, output), 'float32');
        const share = g.op('Div', [g.op('Mul', [dLosses, g.scalar(2)]), outputs]);
        return { dOutput: g.op('Mul', [difference, share]) };
      },
    };
  }
}
