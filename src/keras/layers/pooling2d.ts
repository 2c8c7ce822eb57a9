import type { GraphBuilder } from '../../graph/builder.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { float32 } from '../../graph/tensor.js';
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
import { cover, type Sliding, sendBack, sendTapsBack, tapOf, tapsOf } from './window-gradient.js';

export interface Pooling2DOptions extends LayerOptions {
  /** Height and width of the window. Default 2. */
  poolSize?: number | Pair;
  /** Default: `poolSize`, so that windows touch. */
  strides?: number | Pair | null;
  /** `'same'` lets windows reach over the edge. Default `'valid'`. */
  padding?: string;
}

/** One number for each window: (N, H, W, C) → (N, H′, W′, C). */
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

  /** dx (N, C, H, W) from dy (N, C, H′, W′). */
  protected abstract gradient(g: GraphBuilder, dy: Value, sliding: Sliding): Value;

  override forward({ g }: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { window } = this;
    const { pads: _, ...attributes } = windowAttributes(window, inputShape);
    // ONNX Runtime would make zeros that ZeroPadding2D puts before it the padding of the pooling, which no window sees. It
    // leaves them alone where the pooling says how it pads by itself.
    const y = g.op(this.op, [x], {
      ...attributes,
      auto_pad: window.padding === 'valid' ? 'VALID' : 'SAME_UPPER',
    });
    return {
      output: y,
      backward: (dy) => ({ inputs: [this.gradient(g, dy, { window, inputShape, x, y })] }),
    };
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

  /** Goes to the first of the largest values of a window, as in TensorFlow. */
  protected override gradient(g: GraphBuilder, dy: Value, sliding: Sliding): Value {
    const { window, y } = sliding;
    const covered = cover(g, sliding, Number.NEGATIVE_INFINITY);
    let found: Value | undefined;
    const dTaps = tapsOf(window).map((tap) => {
      const isLargest = g.op('Equal', [tapOf(g, covered, window, tap), y]);
      const isFirst = found === undefined ? isLargest : g.op('And', [isLargest, g.op('Not', [found])]);
      found = found === undefined ? isLargest : g.op('Or', [found, isLargest]);
      return g.op('Mul', [dy, g.cast(isFirst, 'float32')]);
    });
    return sendTapsBack(g, dTaps, sliding);
  }
}

/** The mean of each window, padding left out. Source: keras.layers.AveragePooling2D. */
export class AveragePooling2D extends Pooling2D {
  static override readonly className = 'AveragePooling2D';
  protected override readonly op = 'AveragePool';

  /** Every pixel of a window has an equal share. */
  protected override gradient(g: GraphBuilder, dy: Value, sliding: Sliding): Value {
    const { window, inputShape } = sliding;
    const [height, width] = window.size;
    const channels = channelsOf(this.name, inputShape);
    const kernel = g.initializer(
      'ones',
      float32(new Float32Array(channels * height * width).fill(1), [channels, 1, height, width]),
    );
    const shares = g.op('Div', [dy, this.#pixels(g, sliding)]);
    return sendBack(g, shares, kernel, { sliding, group: channels });
  }

  /** How many pixels of the image lie in each window: (1, 1, H′, W′), or one number. */
  #pixels(g: GraphBuilder, sliding: Sliding): Value {
    const { window, x } = sliding;
    const taps = tapsOf(window);
    if (window.padding === 'valid') return g.scalar(taps.length);
    const size = g.op('Concat', [g.ints(1, 1), g.op('Slice', [g.op('Shape', [x]), g.ints(2), g.ints(4)])], {
      axis: 0,
    });
    const covered = cover(g, { ...sliding, x: g.op('Expand', [g.scalar(1), size]) });
    return taps.map((tap) => tapOf(g, covered, window, tap)).reduce((sum, seen) => g.op('Add', [sum, seen]));
  }
}
