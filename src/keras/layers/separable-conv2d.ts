import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { toOnnxKernel } from '../../graph/layout.js';
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
  noBackward,
  trainConvolution,
} from './base-conv.js';
import type { PerInput } from './layer.js';
import { channelsOf, pointWindow, slide } from './sliding-window.js';

export interface SeparableConv2DOptions extends ConvolutionOptions {
  /** Channels of the output. */
  filters: number;
  /** How many channels each channel becomes before they are mixed. Default 1. */
  depthMultiplier?: number;
  /** Default `'glorot_uniform'`. */
  depthwiseInitializer?: InitializerName | Initializer;
  /** Default `'glorot_uniform'`. */
  pointwiseInitializer?: InitializerName | Initializer;
  /** Penalty on the depthwise kernel, added to the loss. Default `null`: none. */
  depthwiseRegularizer?: RegularizerName | Regularizer | null;
  /** Penalty on the pointwise kernel, added to the loss. Default `null`: none. */
  pointwiseRegularizer?: RegularizerName | Regularizer | null;
}

/**
 * Convolution of each channel by itself, then of all channels at each pixel.
 *
 * Shapes: x (N, H, W, C), depthwise kernel (kh, kw, C, M), pointwise kernel (1, 1, C·M, filters), output
 * (N, H′, W′, filters).
 * Source: keras.layers.SeparableConv2D.
 */
export class SeparableConv2D extends Convolution {
  static override readonly className = 'SeparableConv2D';
  static override readonly fields: Fields = {
    ...Convolution.fields,
    filters: 'number',
    depth_multiplier: 'number',
    depthwise_initializer: 'initializer',
    pointwise_initializer: 'initializer',
    depthwise_regularizer: 'regularizer',
    pointwise_regularizer: 'regularizer',
  };

  readonly filters: number;
  readonly depthMultiplier: number;
  readonly depthwiseInitializer: Initializer;
  readonly pointwiseInitializer: Initializer;
  readonly depthwiseRegularizer: Regularizer | null;
  readonly pointwiseRegularizer: Regularizer | null;
  #depthwiseKernel!: Variable;
  #pointwiseKernel!: Variable;

  constructor(options: SeparableConv2DOptions) {
    const {
      filters,
      depthMultiplier = 1,
      depthwiseInitializer = 'glorot_uniform',
      pointwiseInitializer = 'glorot_uniform',
      depthwiseRegularizer = null,
      pointwiseRegularizer = null,
      ...others
    } = named(options, new.target);
    super(others);
    checkPositive(depthMultiplier, 'depth_multiplier');
    checkPositive(filters, 'filters');
    this.filters = filters;
    this.depthMultiplier = depthMultiplier;
    this.depthwiseInitializer = getInitializer(depthwiseInitializer);
    this.pointwiseInitializer = getInitializer(pointwiseInitializer);
    this.depthwiseRegularizer = getRegularizer(depthwiseRegularizer);
    this.pointwiseRegularizer = getRegularizer(pointwiseRegularizer);
  }

  protected override outputChannels(): number {
    return this.filters;
  }

  protected override get kernels() {
    return [
      [this.#depthwiseKernel, this.depthwiseRegularizer],
      [this.#pointwiseKernel, this.pointwiseRegularizer],
    ] as const;
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
    const group = channelsOf(this.name, inputShape);
    if (context.training) return this.#train(context, x, inputShape, group);
    const depthwise = this.slideKernel(
      context,
      [x, depthwiseKernel(context, this.#depthwiseKernel)],
      inputShape,
      { group },
    );
    const pointwise = toOnnxKernel(g, context.weight(this.#pointwiseKernel));
    const z = g.op('Conv', [depthwise, pointwise, ...this.biasInput(context)]);
    return this.activate(context, z, noBackward);
  }

  #train(context: Context, x: Value, inputShape: Shape, group: number): Forward {
    const { window, bias } = this;
    const depthwise = trainConvolution(context, {
      ...{ window, inputShape, x, group },
      kernel: this.#depthwiseKernel,
      kernelShape: groupedShape(this.#depthwiseKernel),
    });
    const pointwise = trainConvolution(context, {
      ...{ window: pointWindow, inputShape: slide(window, inputShape, group * this.depthMultiplier) },
      ...{ x: depthwise.output, bias, group: 1 },
      kernel: this.#pointwiseKernel,
      kernelShape: this.#pointwiseKernel.shape,
    });
    return this.activate(context, pointwise.output, (dz, needsInput) => {
      const needsDepthwise = needsInput || context.isTrained(this.#depthwiseKernel);
      const mixed = pointwise.backward(dz, needsDepthwise);
      const [dDepthwise] = mixed.inputs;
      if (dDepthwise === undefined) return mixed;
      const { inputs, weights } = depthwise.backward(dDepthwise, needsInput);
      return { inputs, weights: new Map([...(mixed.weights ?? []), ...(weights ?? [])]) };
    });
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      depth_multiplier: this.depthMultiplier,
      depthwise_initializer: this.depthwiseInitializer.serialize(),
      pointwise_initializer: this.pointwiseInitializer.serialize(),
      depthwise_regularizer: this.depthwiseRegularizer?.serialize() ?? null,
      pointwise_regularizer: this.pointwiseRegularizer?.serialize() ?? null,
      depthwise_constraint: null,
      pointwise_constraint: null,
    };
  }
}
