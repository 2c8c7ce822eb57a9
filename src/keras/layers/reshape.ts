import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { sizeOf } from '../../graph/tensor.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { toChannelsFirst, toChannelsLast } from './channels.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface ReshapeOptions extends LayerOptions {
  /** Without the batch. One size may be −1: then it follows from the others. */
  targetShape: readonly number[];
}

/**
 * The same values in another shape: (N, …) → (N, …targetShape).
 *
 * Source: keras.layers.Reshape.
 */
export class Reshape extends Layer {
  static override readonly className = 'Reshape';
  static override readonly fields: Fields = { target_shape: 'number' };
  static override readonly isBuiltAtOnce = true;

  readonly targetShape: readonly number[];

  constructor(options: ReshapeOptions) {
    const { targetShape, ...others } = named(options, new.target);
    super(others);
    this.targetShape = targetShape;
    const open = targetShape.filter((dim) => dim === -1).length;
    if (open > 1 || !targetShape.every((dim) => Number.isInteger(dim) && dim >= -1))
      throw new ValueError(
        `Expected sizes of 0 or more, and −1 once at most. Received: target_shape=${pythonTuple(targetShape)}`,
      );
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    const [batch = null, ...rest] = inputShape;
    const { targetShape } = this;
    if (rest.includes(null)) return [batch, ...targetShape.map((dim) => (dim === -1 ? null : dim))];
    const size = sizeOf(rest as number[]);
    const known = sizeOf(targetShape.filter((dim) => dim !== -1));
    const received = `Received: input_shape=${pythonTuple(rest)}, target_shape=${pythonTuple(targetShape)}`;
    if (!targetShape.includes(-1)) {
      if (size !== known) throw new ValueError(`The total size of the tensor must be unchanged. ${received}`);
      return [batch, ...targetShape];
    }
    if (known === 0 || size % known !== 0)
      throw new ValueError(
        `The total size of the tensor must be unchanged, however, the input size cannot by divided by the specified dimensions in target_shape. ${received}`,
      );
    return [batch, ...targetShape.map((dim) => (dim === -1 ? size / known : dim))];
  }

  override forward({ g }: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const inputRank = inputShape.length;
    const outputRank = this.targetShape.length + 1;

    const from = toChannelsLast(g, x, inputRank);
    // An ONNX 0 keeps the size of the batch.
    const to = g.op('Reshape', [from, g.ints(0, ...this.targetShape)]);
    return {
      output: toChannelsFirst(g, to, outputRank),
      backward: (dy) => {
        const back = g.op('Reshape', [toChannelsLast(g, dy, outputRank), g.op('Shape', [from])]);
        return { inputs: [toChannelsFirst(g, back, inputRank)] };
      },
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), target_shape: this.targetShape };
  }
}
