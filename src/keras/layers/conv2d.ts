import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { toOnnxKernel } from '../../graph/layout.js';
import { named } from '../../named-options.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { pythonTuple } from '../python/format.js';
import { getRegularizer, type Regularizer, type RegularizerName } from '../regularizers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import type { Variable } from '../variable.js';
import { Convolution, type ConvolutionOptions, checkPositive } from './base-conv.js';
import type { PerInput } from './layer.js';
import { channelsOf } from './sliding-window.js';

export interface Conv2DOptions extends ConvolutionOptions {
  /** Channels of the output. */
  filters: number;
  /** Parts that the channels are split into, each with filters of its own. Default 1. */
  groups?: number;
  /** Default `'glorot_uniform'`. */
  kernelInitializer?: InitializerName | Initializer;
  /** Penalty on the kernel, added to the loss. Default `null`: none. */
  kernelRegularizer?: RegularizerName | Regularizer | null;
}

/**
 * Convolution of images: `activation(conv2d(x, kernel) + bias)`.
 *
 * Shapes: x (N, H, W, C), kernel (kh, kw, C / groups, filters), output (N, H′, W′, filters).
 * Source: keras.layers.Conv2D.
 */
export class Conv2D extends Convolution {
  static override readonly className = 'Conv2D';
  static override readonly fields: Fields = {
    ...Convolution.fields,
    filters: 'number',
    groups: 'number',
    kernel_initializer: 'initializer',
    kernel_regularizer: 'regularizer',
  };

  readonly filters: number;
  readonly groups: number;
  readonly kernelInitializer: Initializer;
  readonly kernelRegularizer: Regularizer | null;
  #kernel!: Variable;

  constructor(options: Conv2DOptions) {
    const {
      filters,
      groups = 1,
      kernelInitializer = 'glorot_uniform',
      kernelRegularizer = null,
      ...others
    } = named(options, new.target);
    super(others);
    checkPositive(filters, 'filters');
    if (groups <= 0)
      throw new ValueError(`The number of groups must be a positive integer. Received: groups=${groups}.`);
    if (filters % groups !== 0)
      throw new ValueError(
        `The number of filters must be evenly divisible by the number of groups. Received: groups=${groups}, filters=${filters}.`,
      );
    const { strides, dilation } = this.window;
    if (Math.max(...strides) > 1 && Math.max(...dilation) > 1)
      throw new ValueError(
        `\`strides > 1\` not supported in conjunction with \`dilation_rate > 1\`. Received: strides=${pythonTuple(strides)} and dilation_rate=${pythonTuple(dilation)}`,
      );
    this.filters = filters;
    this.groups = groups;
    this.kernelInitializer = getInitializer(kernelInitializer);
    this.kernelRegularizer = getRegularizer(kernelRegularizer);
  }

  protected override outputChannels(): number {
    return this.filters;
  }

  protected override get kernels() {
    return [[this.#kernel, this.kernelRegularizer]] as const;
  }

  override build([inputShape]: PerInput<Shape>): void {
    const channels = channelsOf(this.name, inputShape, this.inputSpec);
    this.inputChannels = channels;
    if (channels % this.groups !== 0)
      throw new ValueError(
        `The number of input channels must be evenly divisible by the number of groups. Received groups=${this.groups}, but the input has ${channels} channels (full input shape is ${pythonTuple(inputShape)}).`,
      );
    this.#kernel = this.addWeight(
      'kernel',
      [...this.window.size, channels / this.groups, this.filters],
      this.kernelInitializer,
    );
    this.addBias(this.filters);
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const { window, groups: group, bias } = this;
    const kernel = this.#kernel;
    const step = { window, inputShape, x, kernel, kernelShape: kernel.shape, bias, group };
    return this.oneConvolution(context, step, () =>
      this.slideKernel(
        context,
        // (kh, kw, in, out) → (out, in, kh, kw)
        [x, toOnnxKernel(context.g, context.weight(kernel)), ...this.biasInput(context)],
        inputShape,
        group === 1 ? {} : { group },
      ),
    );
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      groups: this.groups,
      kernel_initializer: this.kernelInitializer.serialize(),
      kernel_regularizer: this.kernelRegularizer?.serialize() ?? null,
      kernel_constraint: null,
    };
  }
}
