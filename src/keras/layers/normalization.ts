import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { float32, sizeOf, type Tensor } from '../../graph/tensor.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import { toChannelsFirst } from './channels.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

type Numbers = number | readonly number[];

export interface NormalizationOptions extends LayerOptions {
  /** The axes that have a mean and a variance for each place; `null` is none, one mean for all. Default −1, the last. */
  axis?: number | readonly number[] | null;
  /** One number, or one for each place of the last of these axes. Default `null`: `adapt` learns it, else 0. */
  mean?: Numbers | null;
  /** As `mean`. Default `null`: `adapt` learns it, else 1. */
  variance?: Numbers | null;
  /** Undoes the normalisation instead. Default `false`. */
  invert?: boolean;
}

/** Keras's `epsilon()`, the least deviation that is divided by. */
const epsilon = 1e-7;

/**
 * Shifts and scales inputs to mean 0 and variance 1: `(x − mean) / √variance`.
 *
 * Weights, where `mean` and `variance` are not given: mean, variance, count. None of them trains.
 *
 * Source: keras.layers.Normalization.
 */
export class Normalization extends Layer {
  static override readonly className = 'Normalization';
  static override readonly fields: Fields = {
    axis: 'number or null',
    mean: 'number or null',
    variance: 'number or null',
    invert: 'flag',
  };

  readonly axis: readonly number[];
  readonly mean: Numbers | null;
  readonly variance: Numbers | null;
  readonly invert: boolean;
  #learnt?: { mean: Variable; variance: Variable; count: Variable };

  constructor(options: NormalizationOptions = {}) {
    const { axis = -1, mean = null, variance = null, invert = false, ...others } = named(options, new.target);
    super(others);
    this.axis = axis === null ? [] : [axis].flat();
    const written = (value: Numbers | null) => (value === null ? 'None' : pythonList(value));
    if ((mean === null) !== (variance === null))
      throw new ValueError(
        `When setting values directly, both \`mean\` and \`variance\` must be set. Received: mean=${written(mean)} and variance=${written(variance)}`,
      );
    const shapeOf = (value: Numbers | null) => (Array.isArray(value) ? [value.length] : []);
    const shapes = [shapeOf(mean), shapeOf(variance)] as const;
    if (shapes[0].join() !== shapes[1].join())
      throw new ValueError(
        `When setting values directly, \`mean\` and \`variance\` must have the same shape. Received: mean shape ${pythonTuple(shapes[0])} and variance shape ${pythonTuple(shapes[1])}`,
      );
    if (shapes[0].length > this.axis.length)
      throw new ValueError(
        `The rank of \`mean\` must be less than or equal to the number of axes (${this.axis.length}). Received: mean shape ${pythonTuple(shapes[0])} for axis ${pythonTuple(this.axis)}`,
      );
    this.mean = mean;
    this.variance = variance;
    this.invert = invert;
  }

  override build([inputShape]: PerInput<Shape>): void {
    const sizes = this.#keptAxes(inputShape).map((axis) => inputShape[axis] ?? null);
    if (sizes.includes(null))
      throw new ValueError(
        `Expected known sizes of axis ${pythonTuple(this.axis)} for layer '${this.name}'. Received: ${pythonTuple(inputShape)}`,
      );
    if (this.mean !== null) return;
    const make = (name: string, shape: readonly number[], value: number, dtype?: 'int64') =>
      new Variable(name, shape, new Float32Array(sizeOf(shape)).fill(value), false, dtype);
    const shape = sizes as number[];
    this.#learnt = {
      mean: make('mean', shape, 0),
      variance: make('variance', shape, 1),
      count: make('count', [], 0, 'int64'),
    };
    this.weights.push(this.#learnt.mean, this.#learnt.variance, this.#learnt.count);
  }

  /**
   * Learns mean and variance.
   *
   * @param data (N, …), whole
   */
  adapt(data: Tensor): void {
    const { dims } = data;
    if (this.mean !== null)
      throw new ValueError(
        'Cannot `adapt` a Normalization layer that is initialized with static `mean` and `variance`.',
      );
    this.ensureBuilt([[null, ...dims.slice(1)]]);
    const learnt = this.#learnt;
    if (!learnt) return;
    const kept = this.#keptAxes(dims);
    if (kept.map((axis) => dims[axis]).join() !== learnt.mean.shape.join())
      throw new ValueError(
        `Expected data with ${pythonTuple(learnt.mean.shape)} places of axis ${pythonTuple(this.axis)}. Received: ${pythonTuple(dims)}.`,
      );
    const places = sizeOf(learnt.mean.shape);
    const count = data.data.length / places;
    const placeOf = placesAlong(dims, kept);
    const mean = new Float64Array(places);
    const variance = new Float64Array(places);
    for (let i = 0; i < data.data.length; i++) mean[placeOf(i)]! += Number(data.data[i]) / count;
    for (let i = 0; i < data.data.length; i++) {
      const place = placeOf(i);
      variance[place]! += (Number(data.data[i]) - mean[place]!) ** 2 / count;
    }
    learnt.mean.assign(Float32Array.from(mean));
    learnt.variance.assign(Float32Array.from(variance));
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    return inputShape;
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { g } = context;
    const rank = inputShape.length;
    const kept = this.#keptAxes(inputShape);
    const whole = inputShape.map((_, axis) => this.#learnt?.mean.shape[kept.indexOf(axis)] ?? 1);
    /** To broadcast over the other axes, in the order in which values flow. */
    const wide = (value: Value, shape: readonly number[]) =>
      toChannelsFirst(g, g.op('Reshape', [value, g.ints(...shape)]), rank);
    const given = (name: string, value: Numbers) => {
      if (typeof value === 'number') return g.scalar(value);
      // One number for each place of the last of the axes.
      const shape = inputShape.map((_, axis) => (axis === kept.at(-1) ? value.length : 1));
      return wide(g.initializer(name, float32(value, [value.length])), shape);
    };
    const learnt = this.#learnt;
    const mean = learnt ? wide(context.weight(learnt.mean), whole) : given('mean', this.mean ?? 0);
    const variance = learnt
      ? wide(context.weight(learnt.variance), whole)
      : given('variance', this.variance ?? 1);
    const deviation = g.op('Max', [g.op('Sqrt', [variance]), g.scalar(epsilon)]);
    if (this.invert)
      return {
        output: g.op('Add', [mean, g.op('Mul', [x, deviation])]),
        backward: (dy) => ({ inputs: [g.op('Mul', [dy, deviation])] }),
      };
    return {
      output: g.op('Div', [g.op('Sub', [x, mean]), deviation]),
      backward: (dy) => ({ inputs: [g.op('Div', [dy, deviation])] }),
    };
  }

  /** The axes with a mean for each place, counted from 0, in order. */
  #keptAxes(inputShape: Shape): number[] {
    const { length } = inputShape;
    if (this.axis.some((axis) => axis < -length || axis >= length))
      throw new ValueError(
        `All \`axis\` values must be in the range [-ndim, ndim). Received inputs with ndim=${length}, while axis=${pythonTuple(this.axis)}`,
      );
    return this.axis.map((axis) => (axis + length) % length).sort((a, b) => a - b);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: this.axis,
      invert: this.invert,
      mean: this.mean,
      variance: this.variance,
    };
  }
}

const pythonList = (value: Numbers): string =>
  typeof value === 'number' ? `${value}` : `[${value.join(', ')}]`;

/** Which place along some axes an element lies at, counted row by row. */
function placesAlong(dims: readonly number[], axes: readonly number[]): (index: number) => number {
  const strides = dims.map((_, axis) => sizeOf(dims.slice(axis + 1)));
  return (index) =>
    axes.reduce(
      (place, axis) =>
        place * (dims[axis] ?? 1) + (Math.floor(index / (strides[axis] ?? 1)) % (dims[axis] ?? 1)),
      0,
    );
}
