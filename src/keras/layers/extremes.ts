import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { KerasTensor, LayerOptions } from './layer.js';
import { Merge } from './merge.js';

/** The largest or smallest of inputs, which has the gradient; of equal ones the first. */
abstract class Extreme extends Merge {
  /** The operation, and the comparison that lets the first of two inputs through. */
  protected abstract readonly operations: readonly [extreme: 'Max' | 'Min', first: string];

  protected override combine(g: GraphBuilder, a: Value, b: Value): Value {
    return g.op(this.operations[0], [a, b]);
  }

  protected override gradients(g: GraphBuilder, dy: Value, inputs: readonly Value[]): readonly Value[] {
    const [first = dy, ...rest] = inputs;
    const gates: { ofMerged: Value; ofNext: Value }[] = [];
    rest.reduce((merged, next) => {
      const isMerged = g.op(this.operations[1], [merged, next]);
      gates.push({
        ofMerged: g.cast(isMerged, 'float32'),
        ofNext: g.cast(g.op('Not', [isMerged]), 'float32'),
      });
      return this.combine(g, merged, next);
    }, first);
    // Backwards through the chain: what does not go to an input goes on to those before it.
    let left = dy;
    const gradients = gates.reverse().map(({ ofMerged, ofNext }) => {
      const own = g.op('Mul', [left, ofNext]);
      left = g.op('Mul', [left, ofMerged]);
      return own;
    });
    return [left, ...gradients.reverse()];
  }
}

/** The largest of inputs, element by element, as `Merge` broadcasts them. Source: keras.layers.Maximum. */
export class Maximum extends Extreme {
  static override readonly className = 'Maximum';
  protected override readonly operations = ['Max', 'GreaterOrEqual'] as const;
}

/** The smallest of inputs, element by element, as `Merge` broadcasts them. Source: keras.layers.Minimum. */
export class Minimum extends Extreme {
  static override readonly className = 'Minimum';
  protected override readonly operations = ['Min', 'LessOrEqual'] as const;
}

/** The largest of tensors: `keras.layers.maximum`. */
export const maximum = (inputs: readonly KerasTensor[], options?: LayerOptions): KerasTensor =>
  new Maximum(options).apply(inputs);

/** The smallest of tensors: `keras.layers.minimum`. */
export const minimum = (inputs: readonly KerasTensor[], options?: LayerOptions): KerasTensor =>
  new Minimum(options).apply(inputs);
