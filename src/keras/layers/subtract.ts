import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { pythonTuple } from '../python/format.js';
import type { Shape } from '../symbolic-shape.js';
import type { KerasTensor, LayerOptions, PerInput } from './layer.js';
import { Merge } from './merge.js';

/** The first of two inputs without the second, element by element, as `Merge` broadcasts them. Source: keras.layers.Subtract. */
export class Subtract extends Merge {
  static override readonly className = 'Subtract';

  override computeOutputShape(inputShapes: PerInput<Shape>): Shape {
    if (inputShapes.length !== 2)
      throw new ValueError(
        `A \`Subtract\` layer should be called on exactly 2 inputs. Received: input_shape=[${inputShapes.map(pythonTuple).join(', ')}]`,
      );
    return super.computeOutputShape(inputShapes);
  }

  protected override combine(g: GraphBuilder, a: Value, b: Value): Value {
    return g.op('Sub', [a, b]);
  }

  protected override gradients(g: GraphBuilder, dy: Value): readonly Value[] {
    return [dy, g.op('Neg', [dy])];
  }
}

/** The difference of two tensors: `keras.layers.subtract`. */
export const subtract = (inputs: readonly KerasTensor[], options?: LayerOptions): KerasTensor =>
  new Subtract(options).apply(inputs);
