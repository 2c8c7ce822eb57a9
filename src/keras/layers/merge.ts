import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { elementWise } from '../../graph/layout.js';
import { sumTo } from '../../graph/sum-to.js';
import { pythonTuple } from '../python/format.js';
import type { Shape } from '../symbolic-shape.js';
import { toChannelsFirst, toChannelsLast } from './channels.js';
import { type CallOptions, KerasTensor, Layer, type PerInput } from './layer.js';

/**
 * The base of layers that make one tensor of several, element by element. Axes of length 1 are repeated; inputs of lower
 * rank get such axes after the batch.
 */
export abstract class Merge extends Layer {
  /** Two inputs, or what was merged so far and the next one, of one rank. */
  protected abstract combine(g: GraphBuilder, a: Value, b: Value): Value;

  /** What was merged of all of them, as the layer puts it out. */
  protected finish(_g: GraphBuilder, merged: Value, _count: number): Value {
    return merged;
  }

  /** The gradient of each input, of the shape of the output. */
  protected abstract gradients(g: GraphBuilder, dy: Value, inputs: readonly Value[]): readonly Value[];

  override apply(inputs: KerasTensor | readonly KerasTensor[], call?: CallOptions): KerasTensor {
    if (inputs instanceof KerasTensor)
      throw new ValueError(
        `A merge layer should be called on a list of inputs. Received: input_shape=${pythonTuple(inputs.shape)} (not a list of shapes)`,
      );
    return super.apply(inputs, call);
  }

  /** @throws ValueError when the inputs cannot be broadcast to one shape, or batches differ: Keras's words */
  override computeOutputShape(inputShapes: PerInput<Shape>): Shape {
    const batches = new Set(inputShapes.map(([batch]) => batch).filter((batch) => batch != null));
    if (batches.size > 1)
      throw new ValueError(
        `Cannot merge tensors with different batch sizes. Received tensors with shapes [${inputShapes.map(pythonTuple).join(', ')}]`,
      );
    const [batch = null] = batches;
    return [batch, ...inputShapes.map((shape): Shape => shape.slice(1)).reduce((a, b) => broadcast(a, b))];
  }

  override forward({ g }: Context, inputs: PerInput<Value>, inputShapes: PerInput<Shape>): Forward {
    const rank = Math.max(...inputShapes.map(({ length }) => length));
    const aligned = inputs.map((input, i) => align(g, input, inputShapes[i]?.length ?? rank, rank));
    const isPlain = inputShapes.every((shape) => isSameShape(shape, inputShapes[0]));
    const values = aligned.map(({ value }) => value);
    const combined = (parts: readonly Value[]) =>
      this.finish(
        g,
        parts.reduce((merged, value) => this.combine(g, merged, value)),
        parts.length,
      );
    if (isPlain)
      return {
        output: elementWise(g, values, combined),
        backward: (dy) => ({ inputs: this.gradients(g, dy, values) }),
      };
    return {
      output: combined(values),
      backward: (dy) => {
        const whole = this.gradients(g, dy, values);
        return {
          inputs: aligned.map(({ value, restore }, i) => restore(sumTo(g, whole[i] ?? dy, value, rank))),
        };
      },
    };
  }
}

/** Whether two shapes are the same, and known but for the batch. */
const isSameShape = (a: Shape, b: Shape): boolean => a.join() === b.join() && !a.slice(1).includes(null);

/** The shape, without the batch, that two are broadcast to. */
function broadcast(a: Shape, b: Shape): Shape {
  if (a.length < b.length) return broadcast(b, a);
  const ahead = a.length - b.length;
  return a.map((size, i) => {
    const other = i < ahead ? 1 : (b[i - ahead] ?? null);
    if (i < ahead || size === other) return size;
    if (size === null || other === null) return null;
    if (size === 1) return other;
    if (other === 1) return size;
    throw new ValueError(
      `Inputs have incompatible shapes. Received shapes ${pythonTuple(a)} and ${pythonTuple(b)}`,
    );
  });
}

/** An input with axes of length 1 after the batch up to `rank`, in the graph's order; `restore` undoes it. */
function align(g: GraphBuilder, input: Value, own: number, rank: number) {
  if (own === rank) return { value: input, restore: (dValue: Value) => dValue };
  const axes = g.ints(...Array.from({ length: rank - own }, (_, i) => i + 1));
  const whole = g.op('Unsqueeze', [toChannelsLast(g, input, own), axes]);
  return {
    value: toChannelsFirst(g, whole, rank),
    restore: (dValue: Value) =>
      toChannelsFirst(g, g.op('Squeeze', [toChannelsLast(g, dValue, rank), axes]), own),
  };
}
