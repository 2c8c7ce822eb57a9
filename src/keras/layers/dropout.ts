import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { axisInGraph } from './channels.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface DropoutOptions extends LayerOptions {
  /** Share of values that become 0, between 0 and 1. */
  rate: number;
  /**
   * The shape of the noise, with the batch: where a size is 1, all values along that axis are dropped together; `null` is
   * the size of the input. Default `null`: each value by itself.
   */
  noiseShape?: readonly (number | null)[] | null;
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
  static override readonly fields: Fields = {
    rate: 'float',
    seed: 'number or null',
    noise_shape: 'sizes or null',
  };
  static override readonly isBuiltAtOnce = true;

  readonly rate: number;
  readonly seed: number | null;
  readonly noiseShape: readonly (number | null)[] | null;

  constructor(options: DropoutOptions) {
    const { rate, noiseShape = null, seed = null, ...others } = named(options, new.target);
    super(others);
    if (!(rate >= 0 && rate <= 1))
      throw new ValueError(
        `Invalid value received for argument \`rate\`. Expected a float value between 0 and 1. Received: rate=${rate}`,
      );
    this.rate = rate;
    this.seed = seed;
    this.noiseShape = noiseShape;
  }

  override get isRandom(): boolean {
    return this.rate > 0;
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { g, training, noise } = context;
    if (!training || this.rate === 0) return { output: x, backward: (dy) => ({ inputs: [dy] }) };
    const kept = g.op('GreaterOrEqual', [noise(this.#like(g, x, inputShape)), g.scalar(this.rate)]);
    const scale = this.rate === 1 ? 0 : 1 / (1 - this.rate);
    const drop = (value: Value) => g.op('Where', [kept, g.op('Mul', [value, g.scalar(scale)]), g.scalar(0)]);
    return { output: drop(x), backward: (dy) => ({ inputs: [drop(dy)] }) };
  }

  /** A value of the shape of the noise, which may be repeated along axes of x. */
  #like(g: GraphBuilder, x: Value, { length: rank }: Shape): Value {
    const { noiseShape } = this;
    if (!noiseShape) return x;
    if (noiseShape.length !== rank)
      throw new ValueError(
        `Expected a noise_shape of ${rank} sizes for layer '${this.name}'. Received: ${pythonTuple(noiseShape)}.`,
      );
    const single = noiseShape.flatMap((size, axis) => (size === 1 ? [axisInGraph(axis, rank)] : []));
    if (single.length === 0) return x;
    return g.op('ReduceSum', [x, g.ints(...single)], { keepdims: 1 });
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed, noise_shape: this.noiseShape };
  }
}
