import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface RescalingOptions extends LayerOptions {
  /** Factor of each value. */
  scale: number;
  /** Added after scaling. Default 0. */
  offset?: number;
}

/**
 * Scales levels within the model: `scale · x + offset`, of any shape.
 *
 * Source: keras.layers.Rescaling.
 *
 * @example
 * new Rescaling({ scale: 1 / 127.5, offset: -1 }); // 0–255 to [−1, 1], as MobileNet's ImageNet weights want it
 */
export class Rescaling extends Layer {
  static override readonly className = 'Rescaling';
  static override readonly fields: Fields = { scale: 'number', offset: 'number' };

  readonly scale: number;
  readonly offset: number;

  constructor(options: RescalingOptions) {
    const { scale, offset = 0, ...others } = named(options, new.target);
    super(others);
    if (!Number.isFinite(scale) || !Number.isFinite(offset))
      throw new ValueError(
        `Expected numbers for \`scale\` and \`offset\`. Received: scale=${scale}, offset=${offset}.`,
      );
    this.scale = scale;
    this.offset = offset;
  }

  override forward({ g }: Context, [x]: PerInput<Value>): Forward {
    const scale = g.scalar(this.scale);
    return {
      output: g.op('Add', [g.op('Mul', [x, scale]), g.scalar(this.offset)]),
      backward: (dy) => ({ inputs: [g.op('Mul', [dy, scale])] }),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}
