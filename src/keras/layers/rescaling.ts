import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { float32 } from '../../graph/tensor.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface RescalingOptions extends LayerOptions {
  /** Factor of each value, or of each channel. */
  scale: number | readonly number[];
  /** Added after scaling: one number, or one for each channel. Default 0. */
  offset?: number | readonly number[];
}

/**
 * Scales levels within the model: `scale · x + offset`, of any shape.
 *
 * Source: keras.layers.Rescaling.
 *
 * @example
 * new Rescaling({ scale: 1 / 127.5, offset: -1 }); // 0–255 to [−1, 1], as MobileNet's ImageNet weights want it
 */
export class Rescaling extends Layer {
  static override readonly className = 'Rescaling';
  static override readonly fields: Fields = { scale: 'number', offset: 'number' };

  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];

  constructor(options: RescalingOptions) {
    const { scale, offset = 0, ...others } = named(options, new.target);
    super(others);
    const areNumbers = (value: number | readonly number[]) =>
      [value].flat().length > 0 && [value].flat().every(Number.isFinite);
    if (!areNumbers(scale) || !areNumbers(offset))
      throw new ValueError(
        `Expected numbers for \`scale\` and \`offset\`. Received: scale=${scale}, offset=${offset}.`,
      );
    this.scale = scale;
    this.offset = offset;
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    for (const value of [this.scale, this.offset])
      if (typeof value !== 'number' && value.length !== inputShape.at(-1))
        throw new ValueError(
          `Expected a number for each channel of layer '${this.name}'. Received: [${value.join(', ')}] for inputs of shape ${pythonTuple(inputShape)}.`,
        );
    return inputShape;
  }

  override forward({ g }: Context, [x]: PerInput<Value>, [{ length: rank }]: PerInput<Shape>): Forward {
    /** Channels are the last axis, and in pictures, which flow channels first, the one before height and width. */
    const constant = (name: string, value: number | readonly number[]): Value =>
      typeof value === 'number'
        ? g.scalar(value)
        : g.initializer(name, float32(value, rank === 4 ? [value.length, 1, 1] : [value.length]));
    const scale = constant('scale', this.scale);
    return {
      output: g.op('Add', [g.op('Mul', [x, scale]), constant('offset', this.offset)]),
      backward: (dy) => ({ inputs: [g.op('Mul', [dy, scale])] }),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}
