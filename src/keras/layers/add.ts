import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { Layer, type Shape, ValueError } from './layer.js';
import { pythonTuple } from './window.js';

/**
 * The sum of inputs of one shape, element by element.
 *
 * Source: keras.layers.Add, without broadcasting.
 */
export class Add extends Layer {
  static override readonly className = 'Add';

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [first] = inputShapes;
    for (const shape of inputShapes)
      if (shape.join() !== first!.join())
        throw new ValueError(
          `Inputs have incompatible shapes. Received shapes ${pythonTuple(first!.slice(1))} and ${pythonTuple(shape.slice(1))}`,
        );
    return first!;
  }

  override forward({ g }: Context, inputs: readonly Value[]): Forward {
    return {
      output: inputs.reduce((sum, input) => g.op('Add', [sum, input])),
      backward: (dy) => ({ inputs: inputs.map(() => dy) }),
    };
  }
}
