import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { elu } from '../activations.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { writeActivation } from './activation.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface ELUOptions extends LayerOptions {
  /** Output tends to −alpha as x → −∞. Default 1. */
  alpha?: number;
}

/** Exponential linear unit: x above 0, alpha·(eˣ − 1) below. Source: keras.layers.ELU. */
export class ELU extends Layer {
  static override readonly className = 'ELU';
  static override readonly fields: Fields = { alpha: 'float' };
  static override readonly isBuiltAtOnce = true;

  readonly alpha: number;

  constructor(options: ELUOptions = {}) {
    const { alpha = 1, ...others } = named(options, new.target);
    super(others);
    this.alpha = alpha;
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    return writeActivation(context, elu(this.alpha), x, inputShape);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}
