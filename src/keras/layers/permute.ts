import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { toChannelsFirst, toChannelsLast } from './channels.js';
import type { InputSpec } from './input-spec.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface PermuteOptions extends LayerOptions {
  /** The axis of the input that each axis of the output is, counted from 1, without the batch. */
  dims: readonly number[];
}

/** The same values with their axes in another order. Source: keras.layers.Permute. */
export class Permute extends Layer {
  static override readonly className = 'Permute';
  static override readonly fields: Fields = { dims: 'number' };

  readonly dims: readonly number[];

  constructor(options: PermuteOptions) {
    const { dims, ...others } = named(options, new.target);
    super(others);
    if (dims.toSorted((a, b) => a - b).some((dim, i) => dim !== i + 1))
      throw new ValueError(
        `Invalid permutation argument \`dims\` for Permute Layer. The set of indices in \`dims\` must be consecutive and start from 1. Received dims=[${dims.join(', ')}]`,
      );
    this.dims = [...dims];
  }

  protected override get inputSpecs(): readonly InputSpec[] {
    return [{ ndim: this.dims.length + 1 }];
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    return [inputShape[0] ?? null, ...this.dims.map((dim) => inputShape[dim] ?? null)];
  }

  override forward({ g }: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const rank = inputShape.length;
    const perm = [0, ...this.dims];
    const back = perm.map((_, axis) => perm.indexOf(axis));
    const move = (value: Value, order: readonly number[]) =>
      toChannelsFirst(g, g.op('Transpose', [toChannelsLast(g, value, rank)], { perm: order }), rank);
    return { output: move(x, perm), backward: (dy) => ({ inputs: [move(dy, back)] }) };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), dims: this.dims };
  }
}
