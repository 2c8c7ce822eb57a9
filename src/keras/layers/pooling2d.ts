import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';
import {
  channelsOf,
  type Pair,
  slide,
  toPadding,
  toPair,
  type Window,
  windowAttributes,
} from './sliding-window.js';

export interface Pooling2DOptions extends LayerOptions {
  /** Height and width of the window. Default 2. */
  poolSize?: number | Pair;
  /** Default: `poolSize`, so that windows touch. */
  strides?: number | Pair | null;
  /** `'same'` lets windows reach over the edge. Default `'valid'`. */
  padding?: string;
}

/** One number for each window: (N, H, W, C) → (N, H′, W′, C). Predicts only. */
abstract class Pooling2D extends Layer {
  static override readonly fields: Fields = {
    pool_size: 'number',
    strides: 'number or null',
    padding: 'text',
  };
  static override readonly isBuiltAtOnce = true;
  readonly window: Window;

  constructor(options: Pooling2DOptions = {}) {
    const { poolSize = 2, strides = null, padding = 'valid', ...others } = named(options, new.target);
    super(others);
    this.window = {
      size: toPair(poolSize, 'pool_size'),
      strides: toPair(strides ?? poolSize, 'strides'),
      padding: toPadding(padding),
      dilation: [1, 1],
    };
  }

  /** ONNX's name of the operation. */
  protected abstract readonly op: 'MaxPool' | 'AveragePool';

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    return slide(this.window, inputShape, channelsOf(this.name, inputShape));
  }

  override forward({ g }: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    return { output: g.op(this.op, [x], windowAttributes(this.window, inputShape)) };
  }

  override getConfig(): Config {
    const { size, strides, padding } = this.window;
    return { ...super.getConfig(), pool_size: size, padding, strides, data_format: 'channels_last' };
  }
}

/** The largest value in each window. Source: keras.layers.MaxPooling2D. */
export class MaxPooling2D extends Pooling2D {
  static override readonly className = 'MaxPooling2D';
  protected override readonly op = 'MaxPool';
}

/** The mean of each window, padding left out. Source: keras.layers.AveragePooling2D. */
export class AveragePooling2D extends Pooling2D {
  static override readonly className = 'AveragePooling2D';
  protected override readonly op = 'AveragePool';
}
