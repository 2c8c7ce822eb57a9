import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface DropoutOptions extends LayerOptions {
  /** Share of values that become 0, between 0 and 1. */
  rate: number;
  /** Kept for the configuration; the noise itself follows the seed of the training. Default `null`. */
  seed?: number | null;
}

/**
 * Sets some values to 0 while the model trains, and multiplies the others by 1 / (1 − rate), so that the sum stays
 * as it is on average.
 *
 * Source: keras.layers.Dropout; https://jmlr.org/papers/v15/srivastava14a.html.
 */
export class Dropout extends Layer {
  static override readonly className = 'Dropout';
  static override readonly fields: Fields = { rate: 'float', seed: 'number or null' };
  static override readonly isBuiltAtOnce = true;

  readonly rate: number;
  readonly seed: number | null;

  constructor(options: DropoutOptions) {
    const { rate, seed = null, ...others } = named(options, new.target);
    super(others);
    if (!(rate >= 0 && rate <= 1))
      throw new ValueError(
        `Invalid value received for argument \`rate\`. Expected a float value between 0 and 1. Received: rate=${rate}`,
      );
    this.rate = rate;
    this.seed = seed;
  }

  override get isRandom(): boolean {
    return this.rate > 0;
  }

  override forward({ g, training, noise }: Context, [x]: PerInput<Value>): Forward {
    if (!training || this.rate === 0) return { output: x, backward: (dy) => ({ inputs: [dy] }) };
    const kept = g.op('GreaterOrEqual', [noise(x), g.scalar(this.rate)]);
    const scale = this.rate === 1 ? 0 : 1 / (1 - this.rate);
    const drop = (value: Value) => g.op('Where', [kept, g.op('Mul', [value, g.scalar(scale)]), g.scalar(0)]);
    return { output: drop(x), backward: (dy) => ({ inputs: [drop(dy)] }) };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed, noise_shape: null };
  }
}
