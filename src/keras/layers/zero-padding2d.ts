import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';
import { channelsOf, type Pair } from './sliding-window.js';

export interface ZeroPadding2DOptions extends LayerOptions {
  /** One number for all sides, one for height and width each, or `[[top, bottom], [left, right]]`. Default 1. */
  padding?: number | Pair | readonly [Pair, Pair];
}

/**
 * Rows and columns of zeros around images: (N, H, W, C) → (N, top + H + bottom, left + W + right, C).
 *
 * Source: keras.layers.ZeroPadding2D.
 */
export class ZeroPadding2D extends Layer {
  static override readonly className = 'ZeroPadding2D';
  static override readonly fields: Fields = { padding: 'number' };

  readonly padding: readonly [Pair, Pair];

  constructor(options: ZeroPadding2DOptions = {}) {
    const { padding = 1, ...others } = named(options, new.target);
    super(others);
    const [height, width] = typeof padding === 'number' ? [padding, padding] : padding;
    const both = (side: number | Pair): Pair => (typeof side === 'number' ? [side, side] : side);
    this.padding = [both(height), both(width)];
    if (!this.padding.flat().every((n) => Number.isInteger(n) && n >= 0) || this.padding.flat().length !== 4)
      throw new ValueError(
        `Expected 0 or more rows and columns on each side. Received: padding=${JSON.stringify(padding)}.`,
      );
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    const channels = channelsOf(this.name, inputShape);
    const [[top, bottom], [left, right]] = this.padding;
    const [batch = null, height = null, width = null] = inputShape;
    return [
      batch,
      height === null ? null : top + height + bottom,
      width === null ? null : left + width + right,
      channels,
    ];
  }

  override forward({ g }: Context, [x]: PerInput<Value>): Forward {
    const [[top, bottom], [left, right]] = this.padding;
    return {
      output: g.op('Pad', [x, g.ints(0, 0, top, left, 0, 0, bottom, right)]),
      backward: (dy) => ({
        inputs: [g.op('Pad', [dy, g.ints(0, 0, -top, -left, 0, 0, -bottom, -right)])],
      }),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), padding: this.padding, data_format: 'channels_last' };
  }
}
