import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { getActivation } from '../activations.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { writeActivation } from './activation.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface SoftmaxOptions extends LayerOptions {
  /** Along which values become a distribution, the last by default. */
  axis?: number;
}

/** eˣ / Σ eˣ along an axis. Source: keras.layers.Softmax. */
export class Softmax extends Layer {
  static override readonly className = 'Softmax';
  static override readonly fields: Fields = { axis: 'axis' };
  static override readonly isBuiltAtOnce = true;

  readonly axis: number;

  constructor(options: SoftmaxOptions = {}) {
    const { axis = -1, ...others } = named(options, new.target);
    super(others);
    this.axis = axis;
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    return writeActivation(context, getActivation('softmax'), x, inputShape, this.axis);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}
