import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { axisInGraph } from './channels.js';
import { type CallOptions, KerasTensor, Layer, type LayerOptions, type PerInput } from './layer.js';

export interface ConcatenateOptions extends LayerOptions {
  /** Along which inputs are put one after the other, the last by default. */
  axis?: number;
}

/**
 * Inputs put one after the other along an axis; their other sizes are equal.
 *
 * Source: keras.layers.Concatenate.
 */
export class Concatenate extends Layer {
  static override readonly className = 'Concatenate';
  static override readonly fields: Fields = { axis: 'axis' };

  readonly axis: number;

  constructor(options: ConcatenateOptions = {}) {
    const { axis = -1, ...others } = named(options, new.target);
    super(others);
    this.axis = axis;
  }

  override apply(inputs: KerasTensor | readonly KerasTensor[], call?: CallOptions): KerasTensor {
    if (inputs instanceof KerasTensor)
      throw new ValueError(
        `A \`Concatenate\` layer should be called on a list of at least 1 input. Received: input_shape=${pythonTuple(inputs.shape)}`,
      );
    return super.apply(inputs, call);
  }

  override computeOutputShape(inputShapes: PerInput<Shape>): Shape {
    const [first] = inputShapes;
    const axis = this.#axisIn(first);
    const others = (shape: Shape) => shape.filter((_, i) => i !== axis);
    const fits = (shape: Shape) =>
      shape.length === first.length &&
      others(shape).every((dim, i) => dim === null || others(first)[i] === null || dim === others(first)[i]);
    if (!inputShapes.every(fits))
      throw new ValueError(
        `A \`Concatenate\` layer requires inputs with matching shapes except for the concatenation axis. Received: input_shape=[${inputShapes.map(pythonTuple).join(', ')}]`,
      );
    const sizes = inputShapes.map((shape) => shape[axis] ?? null);
    const total = sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size));
    return first.map((dim, i) => (i === axis ? total : dim));
  }

  override forward({ g }: Context, inputs: PerInput<Value>, inputShapes: PerInput<Shape>): Forward {
    const [first] = inputShapes;
    const axis = axisInGraph(this.#axisIn(first), first.length);
    return {
      output: g.op('Concat', inputs, { axis }),
      backward: (dy) => {
        const lengths = inputs.map((input) => g.op('Gather', [g.op('Shape', [input]), g.ints(axis)]));
        const split = g.op('Concat', lengths, { axis: 0 });
        return { inputs: g.ops('Split', [dy, split], inputs.length, { axis }) };
      },
    };
  }

  #axisIn(shape: Shape): number {
    const { length } = shape;
    if (this.axis >= length || this.axis < -length)
      throw new ValueError(`Expected an axis of ${pythonTuple(shape)}. Received: axis=${this.axis}.`);
    return (this.axis + length) % length;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}

/** Tensors put one after the other: `keras.layers.concatenate`. */
export const concatenate = (inputs: readonly KerasTensor[], options?: ConcatenateOptions): KerasTensor =>
  new Concatenate(options).apply(inputs);
