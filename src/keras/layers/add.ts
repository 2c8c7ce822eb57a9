import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { pythonTuple } from '../python/format.js';
import type { Shape } from '../symbolic-shape.js';
import { type CallOptions, KerasTensor, Layer, type LayerOptions, type PerInput } from './layer.js';

/**
 * The sum of inputs of one shape, element by element.
 *
 * Source: keras.layers.Add, without broadcasting.
 */
export class Add extends Layer {
  static override readonly className = 'Add';

  override apply(inputs: KerasTensor | readonly KerasTensor[], call?: CallOptions): KerasTensor {
    if (inputs instanceof KerasTensor)
      throw new ValueError(
        `A merge layer should be called on a list of inputs. Received: input_shape=${pythonTuple(inputs.shape)} (not a list of shapes)`,
      );
    return super.apply(inputs, call);
  }

  override computeOutputShape([first, ...others]: PerInput<Shape>): Shape {
    for (const shape of others)
      if (shape.join() !== first.join())
        throw new ValueError(
          `Inputs have incompatible shapes. Received shapes ${pythonTuple(first.slice(1))} and ${pythonTuple(shape.slice(1))}`,
        );
    return first;
  }

  override forward({ g }: Context, inputs: PerInput<Value>): Forward {
    return {
      output: inputs.reduce((sum, input) => g.op('Add', [sum, input])),
      backward: (dy) => ({ inputs: inputs.map(() => dy) }),
    };
  }
}

/** The sum of tensors: `keras.layers.add`. */
export const add = (inputs: readonly KerasTensor[], options?: LayerOptions): KerasTensor =>
  new Add(options).apply(inputs);
