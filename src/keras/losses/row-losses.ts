/** Losses of rows (B, C) as distributions or directions. */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Prediction, WrittenLoss } from '../../graph/training-plan.js';
import { sumOfClasses } from './crossentropy.js';
import { clip, epsilon, Loss } from './loss.js';

/** Σ y·log(y / p), both at least 1e-7 and at most 1. Source: keras.losses.KLDivergence. */
export class KLDivergence extends Loss {
  static override readonly className = 'KLDivergence';

  override get joinsOutputs(): boolean {
    return true;
  }

  override get broadcasts(): boolean {
    return true;
  }

  override forward(g: GraphBuilder, target: Value, { output }: Prediction): WrittenLoss {
    const { clipped: y } = clip(g, target, 1);
    const { clipped: p, gate } = clip(g, output, 1);
    const ratio = g.op('Div', [y, p]);
    return {
      losses: sumOfClasses(g, g.op('Mul', [y, g.op('Log', [ratio])])),
      backward: (dLosses) => ({ dOutput: gate(g.op('Neg', [g.op('Mul', [ratio, dLosses])])) }),
    };
  }
}

/** Rows of length 1, and 1 / ‖x‖, at most 1e7. Source: keras.ops.normalize */
export function directions(g: GraphBuilder, x: Value): { unit: Value; inverse: Value } {
  const squares = sumOfClasses(g, g.op('Mul', [x, x]), 1);
  const inverse = g.op('Min', [g.op('Reciprocal', [g.op('Sqrt', [squares])]), g.scalar(1 / epsilon)]);
  return { unit: g.op('Mul', [x, inverse]), inverse };
}

/** −Σ y·p / (‖y‖·‖p‖): from −1, for rows of one direction, to 1. Source: keras.losses.CosineSimilarity. */
export class CosineSimilarity extends Loss {
  static override readonly className = 'CosineSimilarity';

  override get joinsOutputs(): boolean {
    return true;
  }

  override forward(g: GraphBuilder, target: Value, { output }: Prediction): WrittenLoss {
    const { unit: y } = directions(g, target);
    const { unit: p, inverse } = directions(g, output);
    const cosine = sumOfClasses(g, g.op('Mul', [y, p]), 1);
    return {
      losses: g.op('Neg', [g.op('Squeeze', [cosine, g.ints(-1)])]),
      backward(dLosses) {
        // dp = −(y − p·cos) / ‖p‖
        const across = g.op('Sub', [g.op('Mul', [p, cosine]), y]);
        return { dOutput: g.op('Mul', [g.op('Mul', [across, inverse]), dLosses]) };
      },
    };
  }
}
