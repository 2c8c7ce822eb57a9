/** What the tables of the networks are written in. */
import type { ActivationName } from '../activations.js';
import type { Initializer } from '../initializers.js';
import { Activation } from '../layers/activation.js';
import { BatchNormalization, type BatchNormalizationOptions } from '../layers/batch-normalization.js';
import { Conv2D, type Conv2DOptions } from '../layers/conv2d.js';
import { Dense } from '../layers/dense.js';
import { DepthwiseConv2D, type DepthwiseConv2DOptions } from '../layers/depthwise-conv2d.js';
import { Dropout } from '../layers/dropout.js';
import { GlobalAveragePooling2D } from '../layers/global-pooling2d.js';
import type { KerasTensor } from '../layers/layer.js';
import { SeparableConv2D, type SeparableConv2DOptions } from '../layers/separable-conv2d.js';
import type { Pair } from '../layers/sliding-window.js';
import type { Kernels, TopOptions } from './build-application.js';

/** Layers of a network, whose kernels begin as `kernels` says. Options are those of the layers. */
export class Blocks {
  constructor(
    readonly kernels: Kernels,
    /** What all normalisations have in common. Default: the layer's defaults. */
    readonly normalisation: BatchNormalizationOptions = {},
  ) {}

  conv(x: KerasTensor, options: Conv2DOptions): KerasTensor {
    return new Conv2D({ kernelInitializer: this.kernels(), ...options }).apply(x);
  }

  depthwise(x: KerasTensor, options: DepthwiseConv2DOptions): KerasTensor {
    return new DepthwiseConv2D({ depthwiseInitializer: this.kernels(), ...options }).apply(x);
  }

  separable(x: KerasTensor, options: SeparableConv2DOptions): KerasTensor {
    const own = { depthwiseInitializer: this.kernels(), pointwiseInitializer: this.kernels() };
    return new SeparableConv2D({ ...own, ...options }).apply(x);
  }

  normalise(x: KerasTensor, name?: string): KerasTensor {
    return new BatchNormalization({ ...this.normalisation, name }).apply(x);
  }

  /** `relu`, unless it is told otherwise. */
  activate(x: KerasTensor, name?: string, activation: ActivationName = 'relu'): KerasTensor {
    return new Activation({ activation, name }).apply(x);
  }

  /** The mean of the last feature map, then one dense layer. */
  classify(map: KerasTensor, { classes, classifierActivation, ...own }: Classifier): KerasTensor {
    const { poolName, dropout, kernelInitializer = this.kernels(), biasInitializer } = own;
    const pooled = new GlobalAveragePooling2D({ name: poolName }).apply(map);
    const kept = dropout ? new Dropout(dropout).apply(pooled) : pooled;
    const initializers = { kernelInitializer, biasInitializer };
    const activation = classifierActivation;
    return new Dense({ units: classes, activation, ...initializers, name: 'predictions' }).apply(kept);
  }
}

interface Classifier extends TopOptions {
  /** The name of the pooling. Default: by its class. */
  readonly poolName?: string;
  /** Drops features before the dense layer. Default: none are dropped. */
  readonly dropout?: { readonly rate: number; readonly name: string };
  /** First values of the dense layer's biases. Default: zeros. */
  readonly biasInitializer?: Initializer;
  /** Draws the kernel of the dense layer. Default: as other kernels. */
  readonly kernelInitializer?: ReturnType<Kernels>;
}

/** Zeros on all sides. */
export const around = (length: number): readonly [Pair, Pair] => [
  [length, length],
  [length, length],
];

/**
 * Zeros before a convolution of stride 2, so that its windows lie as TensorFlow's do. Source:
 * keras.src.applications.imagenet_utils.correct_pad.
 */
export function paddingBefore({ shape }: KerasTensor, kernelSize: number): readonly [Pair, Pair] {
  const half = Math.floor(kernelSize / 2);
  const [, height = null, width = null] = shape;
  // Lengths that are not known are taken as even: both, if the height is not.
  const before = (length: number | null): Pair => [
    height === null || length === null || length % 2 === 0 ? half - 1 : half,
    half,
  ];
  return [before(height), before(width)];
}

/** The nearest multiple of 8 that does not lose more than a tenth. */
export function makeDivisible(channels: number): number {
  const rounded = Math.max(8, Math.floor(Math.trunc(channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}
