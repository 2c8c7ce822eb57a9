import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface GaussianNoiseOptions extends LayerOptions {
  /** The standard deviation of the noise, between 0 and 1. */
  stddev: number;
  /** Kept for the configuration; the noise itself follows the seed of the training. Default `null`. */
  seed?: number | null;
}

/** Adds normally distributed noise while the model trains. Source: keras.layers.GaussianNoise. */
export class GaussianNoise extends Layer {
  static override readonly className = 'GaussianNoise';
  static override readonly fields: Fields = { stddev: 'float', seed: 'number or null' };
  static override readonly isBuiltAtOnce = true;

  readonly stddev: number;
  readonly seed: number | null;

  constructor(options: GaussianNoiseOptions) {
    const { stddev, seed = null, ...others } = named(options, new.target);
    super(others);
    if (!(stddev >= 0 && stddev <= 1))
      throw new ValueError(
        `Invalid value received for argument \`stddev\`. Expected a float value between 0 and 1. Received: stddev=${stddev}`,
      );
    this.stddev = stddev;
    this.seed = seed;
  }

  override get isRandom(): boolean {
    return this.stddev > 0;
  }

  override forward({ g, training, noise }: Context, [x]: PerInput<Value>): Forward {
    const backward = (dy: Value) => ({ inputs: [dy] });
    if (!training || this.stddev === 0) return { output: x, backward };
    // Box and Muller: √(−2·log u)·cos(2π·v) of two uniform numbers, u above 0.
    const u = g.op('Sub', [g.scalar(1), noise(x)]);
    const radius = g.op('Sqrt', [g.op('Mul', [g.op('Log', [u]), g.scalar(-2)])]);
    const normal = g.op('Mul', [radius, g.op('Cos', [g.op('Mul', [noise(x), g.scalar(2 * Math.PI)])])]);
    return { output: g.op('Add', [x, g.op('Mul', [normal, g.scalar(this.stddev)])]), backward };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), stddev: this.stddev, seed: this.seed };
  }
}
