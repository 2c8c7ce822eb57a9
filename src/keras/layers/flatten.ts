import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { sizeOf } from '../../graph/tensor.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { toChannelsFirst, toChannelsLast } from './channels.js';
import { Layer, type PerInput } from './layer.js';

/**
 * All values of a sample in a row: (N, H, W, C) → (N, H·W·C), channels running fastest; (N) → (N, 1).
 *
 * Source: keras.layers.Flatten.
 */
export class Flatten extends Layer {
  static override readonly className = 'Flatten';

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    const [batch = null, ...rest] = inputShape;
    return [batch, rest.includes(null) ? null : sizeOf(rest as number[])];
  }

  override forward({ g }: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const rank = inputShape.length;
    const last = toChannelsLast(g, x, rank);
    return {
      output: g.op('Flatten', [last], { axis: 1 }),
      backward: (dy) => ({
        inputs: [toChannelsFirst(g, g.op('Reshape', [dy, g.op('Shape', [last])]), rank)],
      }),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last' };
  }
}
