import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import type { InputSpec } from './input-spec.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface SpatialDropout2DOptions extends LayerOptions {
  /** Share of channels that become 0, between 0 and 1. */
  rate: number;
  /** Kept for the configuration; the noise itself follows the seed of the training. Default `null`. */
  seed?: number | null;
}

/** Dropout of whole channels of images. Source: keras.layers.SpatialDropout2D; https://arxiv.org/abs/1411.4280. */
export class SpatialDropout2D extends Layer {
  static override readonly className = 'SpatialDropout2D';
  static override readonly fields: Fields = { rate: 'float', seed: 'number or null' };
  static override readonly isBuiltAtOnce = true;

  readonly rate: number;
  readonly seed: number | null;

  constructor(options: SpatialDropout2DOptions) {
    const { rate, seed = null, ...others } = named(options, new.target);
    super(others);
    if (!(rate >= 0 && rate <= 1))
      throw new ValueError(
        `Invalid value received for argument \`rate\`. Expected a float value between 0 and 1. Received: rate=${rate}`,
      );
    this.rate = rate;
    this.seed = seed;
  }

  protected override get inputSpecs(): readonly InputSpec[] {
    return [{ ndim: 4 }];
  }

  override get isRandom(): boolean {
    return this.rate > 0;
  }

  override forward({ g, training, noise }: Context, [x]: PerInput<Value>): Forward {
    if (!training || this.rate === 0) return { output: x, backward: (dy) => ({ inputs: [dy] }) };
    // One value of each channel: (N, C, 1, 1).
    const channels = g.op('Slice', [x, g.ints(0, 0), g.ints(1, 1), g.ints(2, 3)]);
    const kept = g.op('GreaterOrEqual', [noise(channels), g.scalar(this.rate)]);
    const scale = this.rate === 1 ? 0 : 1 / (1 - this.rate);
    const drop = (value: Value) => g.op('Where', [kept, g.op('Mul', [value, g.scalar(scale)]), g.scalar(0)]);
    return { output: drop(x), backward: (dy) => ({ inputs: [drop(dy)] }) };
  }

  /** Keras's own reads no `trainable`. */
  override getConfig(): Config {
    return { rate: this.rate, seed: this.seed, name: this.name, data_format: 'channels_last' };
  }
}
