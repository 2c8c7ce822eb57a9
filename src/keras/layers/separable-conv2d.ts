import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { toOnnxKernel } from '../../graph/layout.js';
import { named } from '../../named-options.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import type { Variable } from '../variable.js';
import { Convolution, type ConvolutionOptions, checkPositive, depthwiseKernel } from './base-conv.js';
import type { PerInput } from './layer.js';
import { channelsOf } from './sliding-window.js';

export interface SeparableConv2DOptions extends ConvolutionOptions {
  /** Channels of the output. */
  filters: number;
  /** How many channels each channel becomes before they are mixed. Default 1. */
  depthMultiplier?: number;
  /** Default `'glorot_uniform'`. */
  depthwiseInitializer?: InitializerName | Initializer;
  /** Default `'glorot_uniform'`. */
  pointwiseInitializer?: InitializerName | Initializer;
}

/**
 * Convolution of each channel by itself, then of all channels at each pixel.
 *
 * Shapes: x (N, H, W, C), depthwise kernel (kh, kw, C, M), pointwise kernel (1, 1, C·M, filters), output
 * (N, H′, W′, filters).
 * Source: keras.layers.SeparableConv2D. Predicts only: it has no backward pass.
 */
export class SeparableConv2D extends Convolution {
  static override readonly className = 'SeparableConv2D';
  static override readonly fields: Fields = {
    ...Convolution.fields,
    filters: 'number',
    depth_multiplier: 'number',
    depthwise_initializer: 'initializer',
    pointwise_initializer: 'initializer',
  };
  static override readonly idleFields = [
    ...Convolution.idleFields,
    'depthwise_regularizer',
    'pointwise_regularizer',
  ];

  readonly filters: number;
  readonly depthMultiplier: number;
  readonly depthwiseInitializer: Initializer;
  readonly pointwiseInitializer: Initializer;
  #depthwiseKernel!: Variable;
  #pointwiseKernel!: Variable;

  constructor(options: SeparableConv2DOptions) {
    const {
      filters,
      depthMultiplier = 1,
      depthwiseInitializer = 'glorot_uniform',
      pointwiseInitializer = 'glorot_uniform',
      ...others
    } = named(options, new.target);
    super(others);
    checkPositive(depthMultiplier, 'depth_multiplier');
    checkPositive(filters, 'filters');
    this.filters = filters;
    this.depthMultiplier = depthMultiplier;
    this.depthwiseInitializer = getInitializer(depthwiseInitializer);
    this.pointwiseInitializer = getInitializer(pointwiseInitializer);
  }

  protected override outputChannels(): number {
    return this.filters;
  }

  override build([inputShape]: PerInput<Shape>): void {
    const channels = channelsOf(this.name, inputShape, this.inputSpec);
    this.inputChannels = channels;
    this.#depthwiseKernel = this.addWeight(
      'depthwise_kernel',
      [...this.window.size, channels, this.depthMultiplier],
      this.depthwiseInitializer,
    );
    this.#pointwiseKernel = this.addWeight(
      'pointwise_kernel',
      [1, 1, channels * this.depthMultiplier, this.filters],
      this.pointwiseInitializer,
    );
    this.addBias(this.filters);
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { g } = context;
    const depthwise = this.slideKernel(
      context,
      [x, depthwiseKernel(context, this.#depthwiseKernel)],
      inputShape,
      { group: channelsOf(this.name, inputShape) },
    );
    const pointwise = toOnnxKernel(g, context.weight(this.#pointwiseKernel));
    const z = g.op('Conv', [depthwise, pointwise, ...this.biasInput(context)]);
    return { output: this.activation.forward(g, z) };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      depth_multiplier: this.depthMultiplier,
      depthwise_initializer: this.depthwiseInitializer.serialize(),
      pointwise_initializer: this.pointwiseInitializer.serialize(),
      depthwise_regularizer: null,
      pointwise_regularizer: null,
      depthwise_constraint: null,
      pointwise_constraint: null,
    };
  }
}
