import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { float32 } from '../../graph/tensor.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import type { InputSpec } from './input-spec.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';
import type { Pair } from './sliding-window.js';

export interface UpSampling2DOptions extends LayerOptions {
  /** How many times as many rows and columns. Default 2. */
  size?: number | Pair;
  /** Repeats rows and columns, or draws lines between them. Default `'nearest'`. */
  interpolation?: 'nearest' | 'bilinear';
}

/** Enlarges images: (N, H, W, C) → (N, s·H, t·W, C). Source: keras.layers.UpSampling2D. */
export class UpSampling2D extends Layer {
  static override readonly className = 'UpSampling2D';
  static override readonly fields: Fields = { size: 'number', interpolation: 'text' };

  readonly size: Pair;
  readonly interpolation: 'nearest' | 'bilinear';

  constructor(options: UpSampling2DOptions = {}) {
    const { size = 2, interpolation = 'nearest', ...others } = named(options, new.target);
    super(others);
    this.size = typeof size === 'number' ? [size, size] : size;
    if (this.size.length !== 2 || !this.size.every((n) => Number.isInteger(n) && n > 0))
      throw new ValueError(`Expected one or two positive whole numbers. Received: size=${size}.`);
    if (!['nearest', 'bilinear'].includes(interpolation))
      throw new ValueError(
        `Expected \`interpolation\` 'nearest' or 'bilinear'. Received: interpolation=${interpolation}.`,
      );
    this.interpolation = interpolation;
  }

  protected override get inputSpecs(): readonly InputSpec[] {
    return [{ ndim: 4 }];
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    const [batch = null, height = null, width = null, channels = null] = inputShape;
    const larger = (length: number | null, by: number) => (length === null ? null : length * by);
    return [batch, larger(height, this.size[0]), larger(width, this.size[1]), channels];
  }

  override forward({ g }: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    return this.interpolation === 'nearest' ? this.#repeat(g, x) : this.#lines(g, x, inputShape);
  }

  /** Each axis becomes two, its own and its repeats, which are one again in the end. */
  #repeat(g: GraphBuilder, x: Value): Forward {
    const shape = g.op('Shape', [x]);
    const repeats = g.ints(1, 1, ...this.size);
    const pairs = (second: Value) => {
      const columns = [shape, second].map((sizes) => g.op('Unsqueeze', [sizes, g.ints(1)]));
      return g.op('Reshape', [g.op('Concat', columns, { axis: 1 }), g.ints(-1)]);
    };
    const apart = pairs(repeats);
    const alone = g.op('Reshape', [x, pairs(g.ints(1, 1, 1, 1))]);
    return {
      output: g.op('Reshape', [g.op('Expand', [alone, apart]), g.op('Mul', [shape, repeats])]),
      backward: (dy) => {
        const each = g.op('Reshape', [dy, apart]);
        return { inputs: [g.op('ReduceSum', [each, g.ints(1, 3, 5, 7)], { keepdims: 0 })] };
      },
    };
  }

  /** Rows and columns are weighed sums of those of the input: R·x·Cᵀ. */
  #lines(g: GraphBuilder, x: Value, inputShape: Shape): Forward {
    const [, height = null, width = null] = inputShape;
    if (height === null || width === null)
      throw new ValueError(
        `Expected images of known size for layer '${this.name}'. Received: ${pythonTuple(inputShape)}.`,
      );
    const matrix = (name: string, length: number, by: number) =>
      g.initializer(name, float32(interpolationMatrix(length, by), [length * by, length]));
    const rows = matrix('rows', height, this.size[0]);
    const columns = matrix('columns', width, this.size[1]);
    const turned = (value: Value) => g.op('Transpose', [value], { perm: [1, 0] });
    const multiply = (left: Value, value: Value, right: Value) =>
      g.op('MatMul', [g.op('MatMul', [left, value]), right]);
    return {
      output: multiply(rows, x, turned(columns)),
      backward: (dy) => ({ inputs: [multiply(turned(rows), dy, columns)] }),
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      size: this.size,
      data_format: 'channels_last',
      interpolation: this.interpolation,
    };
  }
}

/** The share of each input in each output (length · by, length), with the centres of pixels at halves. */
function interpolationMatrix(length: number, by: number): Float32Array {
  const matrix = new Float32Array(length * by * length);
  for (let i = 0; i < length * by; i++) {
    const position = Math.max((i + 0.5) / by - 0.5, 0);
    const before = Math.min(Math.floor(position), length - 1);
    const after = Math.min(before + 1, length - 1);
    const share = position - before;
    for (const [k, weight] of [
      [before, 1 - share],
      [after, share],
    ] as const)
      matrix[i * length + k] = (matrix[i * length + k] ?? 0) + weight;
  }
  return matrix;
}
