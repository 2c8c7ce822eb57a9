import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { type Config, Layer, type LayerOptions, type Shape } from './layer.js';
import { checkImages } from './window.js';

export interface GlobalPooling2DOptions extends LayerOptions {
  /** Keeps height and width as axes of length 1. */
  keepdims?: boolean;
}

/** One number for each channel: (N, H, W, C) → (N, C), or (N, 1, 1, C) with `keepdims`. */
abstract class GlobalPooling2D extends Layer {
  readonly keepdims: boolean;

  constructor({ keepdims = false, ...options }: GlobalPooling2DOptions = {}) {
    super(options);
    this.keepdims = keepdims;
  }

  /** ONNX's name of the operation. */
  protected abstract readonly op: 'GlobalAveragePool' | 'GlobalMaxPool';

  override computeOutputShape([inputShape]: readonly Shape[]): Shape {
    checkImages(this.name, inputShape!);
    const [batch, , , channels] = inputShape!;
    return this.keepdims ? [batch!, 1, 1, channels!] : [batch!, channels!];
  }

  override forward({ g }: Context, [x]: readonly Value[]): Forward {
    const pooled = g.op(this.op, [x!]);
    return { output: this.keepdims ? pooled : g.op('Flatten', [pooled], { axis: 1 }) };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), data_format: 'channels_last', keepdims: this.keepdims };
  }
}

/** The mean of each channel. Source: keras.layers.GlobalAveragePooling2D. */
export class GlobalAveragePooling2D extends GlobalPooling2D {
  static override readonly className = 'GlobalAveragePooling2D';
  protected override readonly op = 'GlobalAveragePool';
}

/** The largest value of each channel. Source: keras.layers.GlobalMaxPooling2D. */
export class GlobalMaxPooling2D extends GlobalPooling2D {
  static override readonly className = 'GlobalMaxPooling2D';
  protected override readonly op = 'GlobalMaxPool';
}
