import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { KerasTensor, LayerOptions } from './layer.js';
import { Merge } from './merge.js';

/** The sum of inputs, element by element, as `Merge` broadcasts them. Source: keras.layers.Add. */
export class Add extends Merge {
  static override readonly className = 'Add';

  protected override combine(g: GraphBuilder, a: Value, b: Value): Value {
    return g.op('Add', [a, b]);
  }

  protected override gradients(_g: GraphBuilder, dy: Value, inputs: readonly Value[]): readonly Value[] {
    return inputs.map(() => dy);
  }
}

/** The sum of tensors: `keras.layers.add`. */
export const add = (inputs: readonly KerasTensor[], options?: LayerOptions): KerasTensor =>
  new Add(options).apply(inputs);
