import type { GraphBuilder } from '../../graph/builder.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { toChannelsFirst, toChannelsLast } from '../../graph/layout.js';
import { shortcutsOf } from '../../graph/shortcuts.js';
import { named } from '../../named-options.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';
import { channelsOf } from './sliding-window.js';

export interface GlobalPooling2DOptions extends LayerOptions {
  /** Keeps height and width as axes of length 1. Default `false`. */
  keepdims?: boolean;
}

/** One number for each channel: (N, H, W, C) → (N, C), or (N, 1, 1, C) with `keepdims`. */
abstract class GlobalPooling2D extends Layer {
  static override readonly fields: Fields = { keepdims: 'flag' };
  static override readonly isBuiltAtOnce = true;
  readonly keepdims: boolean;

  constructor(options: GlobalPooling2DOptions = {}) {
    const { keepdims = false, ...others } = named(options, new.target);
    super(others);
    this.keepdims = keepdims;
  }

  /** ONNX's name of the operation. */
  protected abstract readonly op: 'GlobalAveragePool' | 'GlobalMaxPool';

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    const [batch = null] = inputShape;
    const channels = channelsOf(this.name, inputShape);
    return this.keepdims ? [batch, 1, 1, channels] : [batch, channels];
  }

  /** (N, C, H, W) → (N, C, 1, 1) */
  protected pool(g: GraphBuilder, x: Value): Value {
    return g.op(this.op, [x]);
  }

  /** dx (N, C, H, W) from dy (N, C, 1, 1). */
  protected abstract gradient(g: GraphBuilder, dy: Value, at: { x: Value; y: Value }): Value;

  override forward({ g }: Context, [x]: PerInput<Value>): Forward {
    const y = this.pool(g, x);
    return {
      output: this.keepdims ? y : g.op('Flatten', [y], { axis: 1 }),
      backward: (dy) => ({
        inputs: [this.gradient(g, this.keepdims ? dy : g.op('Unsqueeze', [dy, g.ints(2, 3)]), { x: x, y })],
      }),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last', keepdims: this.keepdims };
  }
}

/** The mean of each channel. Source: keras.layers.GlobalAveragePooling2D. */
export class GlobalAveragePooling2D extends GlobalPooling2D {
  static override readonly className = 'GlobalAveragePooling2D';
  protected override readonly op = 'GlobalAveragePool';

  protected override pool(g: GraphBuilder, x: Value): Value {
    const last = shortcutsOf(g)?.channelsLast.get(x);
    if (last === undefined) return super.pool(g, x);
    return toChannelsFirst(g, g.op('ReduceMean', [last], { axes: [1, 2], keepdims: 1 }));
  }

  /** Every value has an equal share. */
  protected override gradient(g: GraphBuilder, dy: Value, { x }: { x: Value }): Value {
    const share = (shape: Value, axes: Value) => {
      const area = g.op('ReduceProd', [g.op('Gather', [shape, axes])], { axes: [0], keepdims: 0 });
      return (value: Value) => g.op('Expand', [g.op('Div', [value, g.cast(area, 'float32')]), shape]);
    };
    const last = shortcutsOf(g)?.channelsLast.get(x);
    if (last === undefined) return share(g.op('Shape', [x]), g.ints(2, 3))(dy);
    return toChannelsFirst(g, share(g.op('Shape', [last]), g.ints(1, 2))(toChannelsLast(g, dy)));
  }
}

/** The largest value of each channel. Source: keras.layers.GlobalMaxPooling2D. */
export class GlobalMaxPooling2D extends GlobalPooling2D {
  static override readonly className = 'GlobalMaxPooling2D';
  protected override readonly op = 'GlobalMaxPool';

  /** Goes to the largest value; among equals it is shared, as TensorFlow shares it. */
  protected override gradient(g: GraphBuilder, dy: Value, { x, y }: { x: Value; y: Value }): Value {
    const isLargest = g.cast(g.op('Equal', [x, y]), 'float32');
    const equals = g.op('ReduceSum', [isLargest, g.ints(2, 3)], { keepdims: 1 });
    return g.op('Mul', [isLargest, g.op('Div', [dy, equals])]);
  }
}
