import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { KerasTensor, LayerOptions } from './layer.js';
import { Merge } from './merge.js';

/** The product of inputs, element by element, as `Merge` broadcasts them. Source: keras.layers.Multiply. */
export class Multiply extends Merge {
  static override readonly className = 'Multiply';

  protected override combine(g: GraphBuilder, a: Value, b: Value): Value {
    return g.op('Mul', [a, b]);
  }

  /** Of each input: dy times all the others. */
  protected override gradients(g: GraphBuilder, dy: Value, inputs: readonly Value[]): readonly Value[] {
    return inputs.map((_, i) =>
      inputs.reduce((product, other, k) => (k === i ? product : g.op('Mul', [product, other])), dy),
    );
  }
}

/** The product of tensors: `keras.layers.multiply`. */
export const multiply = (inputs: readonly KerasTensor[], options?: LayerOptions): KerasTensor =>
  new Multiply(options).apply(inputs);
