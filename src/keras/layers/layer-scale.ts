import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { Constant } from '../initializers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface LayerScaleOptions extends LayerOptions {
  /** The first value of each factor. */
  initValues: number;
  /** The number of channels. */
  projectionDim: number;
}

/**
 * Each channel times a factor of its own, which is learnt: x · gamma, gamma (C).
 *
 * Source: keras.src.applications.convnext.LayerScale; https://arxiv.org/abs/2103.17239.
 */
export class LayerScale extends Layer {
  static override readonly className = 'LayerScale';
  static override readonly module = 'keras.src.applications.convnext';
  static override readonly fields: Fields = { init_values: 'float', projection_dim: 'number' };

  readonly initValues: number;
  readonly projectionDim: number;
  #gamma!: Variable;

  constructor(options: LayerScaleOptions) {
    const { initValues, projectionDim, ...others } = named(options, new.target);
    super(others);
    this.initValues = initValues;
    this.projectionDim = projectionDim;
  }

  override build(): void {
    const shape = [this.projectionDim];
    this.#gamma = new Variable('gamma', shape, Constant({ value: this.initValues }).make(shape));
    this.weights.push(this.#gamma);
  }

  override forward(context: Context, [x]: PerInput<Value>, [{ length: rank }]: PerInput<Shape>): Forward {
    const { g } = context;
    const gamma = context.weight(this.#gamma);
    // Channels are the last axis, and in pictures, which flow channels first, the second.
    const axis = rank === 4 ? 1 : rank - 1;
    const wide = rank === 4 ? g.op('Reshape', [gamma, g.ints(this.projectionDim, 1, 1)]) : gamma;
    const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
    return {
      output: g.op('Mul', [x, wide]),
      backward: (dy) => ({
        inputs: [g.op('Mul', [dy, wide])],
        weights: context.isTrained(this.#gamma)
          ? new Map([
              [this.#gamma, g.op('ReduceSum', [g.op('Mul', [dy, x]), g.ints(...others)], { keepdims: 0 })],
            ])
          : new Map(),
      }),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), init_values: this.initValues, projection_dim: this.projectionDim };
  }
}
