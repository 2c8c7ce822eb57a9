import { ValueError } from '../../errors.js';
import type { Context, Forward, Gradients } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { pythonTuple } from '../python/format.js';
import { getRegularizer, type Regularizer, type RegularizerName } from '../regularizers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import { toChannelsFirst, toChannelsLast } from './channels.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface PReLUOptions extends LayerOptions {
  /** Default `'zeros'`. */
  alphaInitializer?: InitializerName | Initializer;
  /** Default `null`: none. */
  alphaRegularizer?: RegularizerName | Regularizer | null;
  /** Axes, counted from 1, along which all have one slope: `[1, 2]` is a slope for each channel. Default `null`: none. */
  sharedAxes?: readonly number[] | null;
}

/** x above 0, α·x below, where α is learned. Source: keras.layers.PReLU; https://arxiv.org/abs/1502.01852. */
export class PReLU extends Layer {
  static override readonly className = 'PReLU';
  static override readonly fields: Fields = {
    alpha_initializer: 'initializer',
    alpha_regularizer: 'regularizer',
    shared_axes: 'number or null',
  };

  readonly alphaInitializer: Initializer;
  readonly alphaRegularizer: Regularizer | null;
  readonly sharedAxes: readonly number[] | null;
  #alpha?: Variable;

  constructor(options: PReLUOptions = {}) {
    const {
      alphaInitializer = 'zeros',
      alphaRegularizer = null,
      sharedAxes = null,
      ...others
    } = named(options, new.target);
    super(others);
    this.alphaInitializer = getInitializer(alphaInitializer);
    this.alphaRegularizer = getRegularizer(alphaRegularizer);
    this.sharedAxes = sharedAxes === null ? null : [sharedAxes].flat();
  }

  override build([inputShape]: PerInput<Shape>): void {
    const shape = inputShape.slice(1).map((size, i) => (this.sharedAxes?.includes(i + 1) ? 1 : size));
    if (shape.includes(null))
      throw new ValueError(
        `Expected known sizes for layer '${this.name}'. Received: ${pythonTuple(inputShape)}. Hint: name axes of unknown size in sharedAxes.`,
      );
    this.#alpha = new Variable('alpha', shape as number[], this.alphaInitializer.make(shape as number[]));
    this.weights.push(this.#alpha);
  }

  override get regularized(): readonly (readonly [Variable, Regularizer])[] {
    return this.#alpha && this.alphaRegularizer ? [[this.#alpha, this.alphaRegularizer]] : [];
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { g } = context;
    const rank = inputShape.length;
    const weight = this.#alpha;
    if (!weight) throw new ValueError(`Expected layer '${this.name}' to be built. Received: a call before.`);
    // (…) → (1, …), in the graph's order.
    const alpha = toChannelsFirst(g, g.op('Unsqueeze', [context.weight(weight), g.ints(0)]), rank);
    const isPositive = g.op('Greater', [x, g.scalar(0)]);
    const slope = g.op('Where', [isPositive, g.scalar(1), alpha]);
    return {
      output: g.op('Mul', [x, slope]),
      backward: (dy, needsInput): Gradients => {
        const inputs = needsInput ? [g.op('Mul', [dy, slope])] : [];
        if (!context.isTrained(weight)) return { inputs };
        const below = g.op('Min', [x, g.scalar(0)]);
        const each = toChannelsLast(g, g.op('Mul', [dy, below]), rank);
        const axes = [0, ...(this.sharedAxes ?? [])];
        const sum = g.op('ReduceSum', [each, g.ints(...axes)], { keepdims: 1 });
        return { inputs, weights: new Map([[weight, g.op('Squeeze', [sum, g.ints(0)])]]) };
      },
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      alpha_initializer: this.alphaInitializer.serialize(),
      alpha_regularizer: this.alphaRegularizer?.serialize() ?? null,
      alpha_constraint: null,
      shared_axes: this.sharedAxes,
    };
  }
}
