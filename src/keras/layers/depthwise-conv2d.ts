import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { getRegularizer, type Regularizer, type RegularizerName } from '../regularizers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import type { Variable } from '../variable.js';
import {
  Convolution,
  type ConvolutionOptions,
  checkPositive,
  depthwiseKernel,
  groupedShape,
} from './base-conv.js';
import type { PerInput } from './layer.js';
import { channelsOf } from './sliding-window.js';

export interface DepthwiseConv2DOptions extends ConvolutionOptions {
  /** How many channels each channel becomes. Default 1. */
  depthMultiplier?: number;
  /** Default `'glorot_uniform'`. */
  depthwiseInitializer?: InitializerName | Initializer;
  /** Penalty on the kernel, added to the loss. Default `null`: none. */
  depthwiseRegularizer?: RegularizerName | Regularizer | null;
}

/**
 * Convolution of each channel by itself: `activation(depthwise_conv2d(x, kernel) + bias)`.
 *
 * Shapes: x (N, H, W, C), kernel (kh, kw, C, M), output (N, H′, W′, C·M).
 * Source: keras.layers.DepthwiseConv2D.
 */
export class DepthwiseConv2D extends Convolution {
  static override readonly className = 'DepthwiseConv2D';
  static override readonly fields: Fields = {
    ...Convolution.fields,
    depth_multiplier: 'number',
    depthwise_initializer: 'initializer',
    depthwise_regularizer: 'regularizer',
  };
  static override readonly formerWeights = { kernel: 'depthwise_kernel' };

  readonly depthMultiplier: number;
  readonly depthwiseInitializer: Initializer;
  readonly depthwiseRegularizer: Regularizer | null;
  #kernel!: Variable;

  constructor(options: DepthwiseConv2DOptions) {
    const {
      depthMultiplier = 1,
      depthwiseInitializer = 'glorot_uniform',
      depthwiseRegularizer = null,
      ...others
    } = named(options, new.target);
    super(others);
    checkPositive(depthMultiplier, 'depth_multiplier');
    this.depthMultiplier = depthMultiplier;
    this.depthwiseInitializer = getInitializer(depthwiseInitializer);
    this.depthwiseRegularizer = getRegularizer(depthwiseRegularizer);
  }

  protected override outputChannels(inputChannels: number): number {
    return inputChannels * this.depthMultiplier;
  }

  protected override get kernels() {
    return [[this.#kernel, this.depthwiseRegularizer]] as const;
  }

  override build([inputShape]: PerInput<Shape>): void {
    const channels = channelsOf(this.name, inputShape, this.inputSpec);
    this.inputChannels = channels;
    this.#kernel = this.addWeight(
      'kernel',
      [...this.window.size, channels, this.depthMultiplier],
      this.depthwiseInitializer,
    );
    this.addBias(this.outputChannels(channels));
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const group = channelsOf(this.name, inputShape);
    const { window, bias } = this;
    const kernel = this.#kernel;
    const step = { window, inputShape, x, kernel, kernelShape: groupedShape(kernel), bias, group };
    return this.oneConvolution(context, step, () =>
      this.slideKernel(
        context,
        [x, depthwiseKernel(context, kernel), ...this.biasInput(context)],
        inputShape,
        { group },
      ),
    );
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      depth_multiplier: this.depthMultiplier,
      depthwise_initializer: this.depthwiseInitializer.serialize(),
      depthwise_regularizer: this.depthwiseRegularizer?.serialize() ?? null,
      depthwise_constraint: null,
    };
  }
}
