import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { KerasTensor, LayerOptions } from './layer.js';
import { Merge } from './merge.js';

/** The mean of inputs, element by element, as `Merge` broadcasts them. Source: keras.layers.Average. */
export class Average extends Merge {
  static override readonly className = 'Average';

  protected override combine(g: GraphBuilder, a: Value, b: Value): Value {
    return g.op('Add', [a, b]);
  }

  protected override finish(g: GraphBuilder, merged: Value, count: number): Value {
    return g.op('Div', [merged, g.scalar(count)]);
  }

  protected override gradients(g: GraphBuilder, dy: Value, inputs: readonly Value[]): readonly Value[] {
    const share = g.op('Div', [dy, g.scalar(inputs.length)]);
    return inputs.map(() => share);
  }
}

/** The mean of tensors: `keras.layers.average`. */
export const average = (inputs: readonly KerasTensor[], options?: LayerOptions): KerasTensor =>
  new Average(options).apply(inputs);
