import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { leakyRelu } from '../activations.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { writeActivation } from './activation.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface LeakyReLUOptions extends LayerOptions {
  /** Slope below 0. Default 0.3. */
  negativeSlope?: number;
}

/** x above 0, `negativeSlope · x` below. Source: keras.layers.LeakyReLU. */
export class LeakyReLU extends Layer {
  static override readonly className = 'LeakyReLU';
  static override readonly fields: Fields = { negative_slope: 'float' };
  static override readonly formerFields = { negative_slope: 'alpha' };
  static override readonly isBuiltAtOnce = true;

  readonly negativeSlope: number;

  constructor(options: LeakyReLUOptions = {}) {
    const { negativeSlope = 0.3, ...others } = named(options, new.target);
    super(others);
    if (!(negativeSlope >= 0))
      throw new ValueError(
        `The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Expected a float. Received: negative_slope=${negativeSlope}`,
      );
    this.negativeSlope = negativeSlope;
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    return writeActivation(context, leakyRelu(this.negativeSlope), x, inputShape);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), negative_slope: this.negativeSlope };
  }
}
