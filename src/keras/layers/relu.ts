import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { elementWise } from '../../graph/layout.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface ReLUOptions extends LayerOptions {
  /** Larger values are cut to it. Default `null`: no limit. */
  maxValue?: number | null;
  /** Slope below the threshold. Default 0. */
  negativeSlope?: number;
  /** Default 0. */
  threshold?: number;
}

/**
 * Rectified linear unit, element by element: `maxValue` from there on, x from `threshold` on, and
 * `negativeSlope · (x − threshold)` below.
 *
 * Source: keras.layers.ReLU.
 */
export class ReLU extends Layer {
  static override readonly className = 'ReLU';
  static override readonly fields: Fields = {
    max_value: 'float or null',
    negative_slope: 'float',
    threshold: 'float',
  };
  static override readonly isBuiltAtOnce = true;

  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;

  constructor(options: ReLUOptions = {}) {
    const { maxValue = null, negativeSlope = 0, threshold = 0, ...others } = named(options, new.target);
    super(others);
    if (maxValue !== null && maxValue < 0)
      throw new ValueError(
        `max_value of a ReLU layer cannot be a negative value. Received: max_value=${maxValue}`,
      );
    if (negativeSlope < 0)
      throw new ValueError(
        `negative_slope of a ReLU layer cannot be None or a negative value. Received: negative_slope=${negativeSlope}`,
      );
    if (threshold < 0)
      throw new ValueError(
        `threshold of a ReLU layer cannot be None or a negative value. Received: threshold=${threshold}`,
      );
    this.maxValue = maxValue;
    this.negativeSlope = negativeSlope;
    this.threshold = threshold;
  }

  override forward({ g }: Context, [input]: PerInput<Value>): Forward {
    const output = elementWise(g, [input], ([x = input]) => this.#output(g, x));
    return {
      output,
      backward: (dOutput) => ({
        inputs: [
          elementWise(g, [dOutput, input, output], ([dy = dOutput, x = input, y = output]) =>
            this.#gradient(g, dy, { x, y }),
          ),
        ],
      }),
    };
  }

  #output(g: GraphBuilder, x: Value): Value {
    const { maxValue, negativeSlope, threshold } = this;
    const limited = (value: Value) => (maxValue === null ? value : g.op('Min', [value, g.scalar(maxValue)]));
    if (threshold !== 0 || negativeSlope !== 0) {
      const slope = g.op('Mul', [g.op('Sub', [x, g.scalar(threshold)]), g.scalar(negativeSlope)]);
      return g.op('Where', [this.#isAbove(g, x), limited(x), slope]);
    }
    return maxValue === null ? g.op('Relu', [x]) : g.op('Clip', [x, g.scalar(0), g.scalar(maxValue)]);
  }

  #isAbove(g: GraphBuilder, x: Value): Value {
    return g.op('Greater', [x, g.scalar(this.threshold)]);
  }

  #gradient(g: GraphBuilder, dy: Value, { x, y }: { x: Value; y: Value }): Value {
    const { maxValue, negativeSlope, threshold } = this;
    if (threshold === 0 && negativeSlope === 0) {
      // From y, so that x need not be kept.
      const isAbove = this.#isAbove(g, y);
      const isInside =
        maxValue === null ? isAbove : g.op('And', [isAbove, g.op('Less', [y, g.scalar(maxValue)])]);
      return g.op('Mul', [dy, g.cast(isInside, 'float32')]);
    }
    const below = g.op('Mul', [dy, g.scalar(negativeSlope)]);
    const dx = g.op('Where', [this.#isAbove(g, x), dy, below]);
    if (maxValue === null) return dx;
    return g.op('Where', [g.op('Less', [x, g.scalar(maxValue)]), dx, g.scalar(0)]);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      max_value: this.maxValue,
      negative_slope: this.negativeSlope,
      threshold: this.threshold,
    };
  }
}
