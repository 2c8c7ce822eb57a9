import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';
import { channelsOf, type Pair } from './sliding-window.js';

export interface Cropping2DOptions extends LayerOptions {
  /** One number for all sides, one for height and width each, or `[[top, bottom], [left, right]]`. Default 0. */
  cropping?: number | Pair | readonly [Pair, Pair];
}

/**
 * Images without their outermost rows and columns: (N, H, W, C) → (N, H − top − bottom, W − left − right, C).
 *
 * Source: keras.layers.Cropping2D.
 */
export class Cropping2D extends Layer {
  static override readonly className = 'Cropping2D';
  static override readonly fields: Fields = { cropping: 'number' };

  readonly cropping: readonly [Pair, Pair];

  constructor(options: Cropping2DOptions = {}) {
    const { cropping = 0, ...others } = named(options, new.target);
    super(others);
    const [height, width] = typeof cropping === 'number' ? [cropping, cropping] : cropping;
    const both = (side: number | Pair): Pair => (typeof side === 'number' ? [side, side] : side);
    this.cropping = [both(height), both(width)];
    const sides = this.cropping.flat();
    if (sides.length !== 4 || !sides.every((n) => Number.isInteger(n) && n >= 0))
      throw new ValueError(
        `Expected 0 or more rows and columns on each side. Received: cropping=${JSON.stringify(cropping)}.`,
      );
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    const channels = channelsOf(this.name, inputShape);
    const [batch = null, height = null, width = null] = inputShape;
    const left = (length: number | null, axis: 0 | 1) =>
      length === null ? null : length - this.cropping[axis][0] - this.cropping[axis][1];
    const sizes = [left(height, 0), left(width, 1)];
    if (sizes.some((size) => size !== null && size <= 0))
      throw new ValueError(
        `Values in \`cropping\` argument should be smaller than the corresponding spatial dimension of the input. Received: input_shape=${pythonTuple(inputShape)}, cropping=(${this.cropping.map(pythonTuple).join(', ')})`,
      );
    return [batch, ...sizes, channels];
  }

  override forward({ g }: Context, [x]: PerInput<Value>): Forward {
    const [[top, bottom], [left, right]] = this.cropping;
    // An end beyond every image stands for its last row or column.
    const end = (n: number) => (n === 0 ? Number.MAX_SAFE_INTEGER : -n);
    return {
      output: g.op('Slice', [x, g.ints(top, left), g.ints(end(bottom), end(right)), g.ints(2, 3)]),
      backward: (dy) => ({ inputs: [g.op('Pad', [dy, g.ints(0, 0, top, left, 0, 0, bottom, right)])] }),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), cropping: this.cropping, data_format: 'channels_last' };
  }
}
