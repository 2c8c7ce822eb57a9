import { ValueError } from '../../errors.js';
import type { Context, Forward, Gradients, Parameter } from '../../graph/differentiable.js';
import type { Attribute, Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { type Activation, type ActivationName, getActivation } from '../activations.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { getRegularizer, type Regularizer, type RegularizerName } from '../regularizers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import type { InputSpec } from './input-spec.js';
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
import { kernelGradient, type Sliding, sendBack, turnedKernel } from './window-gradient.js';

export interface ConvolutionOptions extends LayerOptions {
  /** Height and width of the kernel. */
  kernelSize: number | Pair;
  /** Distance between windows in rows and columns. Default 1. */
  strides?: number | Pair;
  /** `'same'` pads with zeros as TensorFlow does, the odd row and column at the end. Default `'valid'`, none. */
  padding?: string;
  /** Distance between the elements of a window. Default 1. */
  dilationRate?: number | Pair;
  /** Applied to the output. Default `null`: none. */
  activation?: ActivationName | Activation | null;
  /** Default `true`. */
  useBias?: boolean;
  /** Default `'zeros'`. */
  biasInitializer?: InitializerName | Initializer;
  /** Penalty on the bias, added to the loss. Default `null`: none. */
  biasRegularizer?: RegularizerName | Regularizer | null;
}

/** Writes what goes back through a layer before its activation, from the gradient there. */
type Backward = (dz: Value, needsInput: boolean) => Gradients;

/**
 * The base of convolutions of images.
 *
 * Shapes: x (N, H, W, C) as (N, C, H, W), kernels as Keras has them, (height, width, in, out).
 */
export abstract class Convolution extends Layer {
  static override readonly fields: Fields = {
    kernel_size: 'number',
    strides: 'number',
    padding: 'text',
    dilation_rate: 'number',
    activation: 'activation',
    use_bias: 'flag',
    bias_initializer: 'initializer',
    bias_regularizer: 'regularizer',
  };
  readonly window: Window;
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly biasInitializer: Initializer;
  readonly biasRegularizer: Regularizer | null;
  protected bias?: Variable;

  constructor(options: ConvolutionOptions) {
    const {
      kernelSize,
      strides = 1,
      padding = 'valid',
      dilationRate = 1,
      activation = null,
      useBias = true,
      biasInitializer = 'zeros',
      biasRegularizer = null,
      ...others
    } = named(options, new.target);
    super(others);
    this.window = {
      size: toPair(kernelSize, 'kernel_size'),
      strides: toPair(strides, 'strides'),
      padding: toPadding(padding),
      dilation: toPair(dilationRate, 'dilation_rate'),
    };
    this.activation = getActivation(activation);
    this.useBias = useBias;
    this.biasInitializer = getInitializer(biasInitializer);
    this.biasRegularizer = getRegularizer(biasRegularizer);
    if (this.activation.name === 'softmax')
      throw new ValueError(
        `Expected an element-wise activation for layer '${this.name}'. Received: 'softmax'. Hint: put Reshape or Flatten and then Activation after it.`,
      );
  }

  /** The number of channels that come out. */
  protected abstract outputChannels(inputChannels: number): number;

  /** The channels that come in, once they are known. */
  protected inputChannels?: number;

  protected get inputSpec(): InputSpec {
    return { minNdim: 4, axes: this.inputChannels === undefined ? {} : { [-1]: this.inputChannels } };
  }

  protected override get inputSpecs(): readonly InputSpec[] {
    return [this.inputSpec];
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    const channels = channelsOf(this.name, inputShape, this.inputSpec);
    const filters = this.outputChannels(channels);
    return slide(this.window, inputShape, filters, [...this.window.size, channels, filters]);
  }

  protected addWeight(name: string, shape: readonly number[], initializer: Initializer): Variable {
    const weight = new Variable(name, shape, initializer.make(shape));
    this.weights.push(weight);
    return weight;
  }

  protected addBias(channels: number): void {
    if (this.useBias) this.bias = this.addWeight('bias', [channels], this.biasInitializer);
  }

  /** `Conv` with the layer's window. */
  protected slideKernel(
    { g }: Context,
    inputs: readonly Value[],
    inputShape: Shape,
    attributes: Record<string, Attribute>,
  ): Value {
    return g.op('Conv', inputs, { ...windowAttributes(this.window, inputShape), ...attributes });
  }

  protected biasInput(context: Context): Value[] {
    return this.bias ? [context.weight(this.bias)] : [];
  }

  /** The kernels of the layer, each with its penalty. */
  protected abstract get kernels(): readonly (readonly [Variable, Regularizer | null])[];

  override get regularized(): readonly (readonly [Variable, Regularizer])[] {
    const all = [...this.kernels, ...(this.bias ? [[this.bias, this.biasRegularizer] as const] : [])];
    return all.flatMap(([weight, regularizer]) => (regularizer ? [[weight, regularizer] as const] : []));
  }

  /** Adds the gradient of the bias to those of a convolution, z = … + bias. */
  protected withBias({ g, isTrained }: Context, backward: Backward): Backward {
    return (dz, needsInput) => {
      const { inputs, weights } = backward(dz, needsInput);
      if (!this.bias || !isTrained(this.bias)) return { inputs, weights };
      const dBias = g.op('ReduceSum', [dz, g.ints(0, 2, 3)], { keepdims: 0 });
      return { inputs, weights: new Map([...(weights ?? []), [this.bias, dBias]]) };
    };
  }

  /** The activation of z, which `backward` goes on from. */
  protected activate({ g }: Context, z: Value, backward: Backward): Forward {
    const { activation } = this;
    const y = activation.forward(g, z);
    return {
      output: y,
      backward: (dy, needsInput) => backward(activation.backward(g, dy, { x: z, y }), needsInput),
      ...(activation.name === 'sigmoid' ? { logits: { activation: 'sigmoid', value: z, backward } } : {}),
    };
  }

  override getConfig(): Config {
    const { size, strides, padding, dilation } = this.window;
    return {
      ...super.getConfig(),
      kernel_size: size,
      strides,
      padding,
      data_format: 'channels_last',
      dilation_rate: dilation,
      activation: this.activation.name,
      use_bias: this.useBias,
      bias_initializer: this.biasInitializer.serialize(),
      bias_regularizer: this.biasRegularizer?.serialize() ?? null,
      activity_regularizer: null,
      bias_constraint: null,
    };
  }
}

/** @throws ValueError when it is not a positive whole number, in Keras's words */
export function checkPositive(value: number, argument: string): void {
  if (!Number.isInteger(value) || value <= 0)
    throw new ValueError(
      `Invalid value for argument \`${argument}\`. Expected a strictly positive value. Received ${argument}=${value}.`,
    );
}

/** A convolution in `group` groups, without a bias: y from x. */
export interface ConvolutionStep {
  readonly sliding: Sliding;
  readonly kernel: Variable;
  /** (kH, kW, C / group, C′): the kernel's shape; a depthwise kernel has the axes of its outputs put together. */
  readonly kernelShape: readonly number[];
  readonly group: number;
}

/** The way back through a convolution. */
export const convolutionBackward =
  (context: Context, { sliding, kernel, kernelShape, group }: ConvolutionStep): Backward =>
  (dy, needsInput) => {
    const { g } = context;
    const weights = new Map<Parameter, Value>();
    if (context.isTrained(kernel)) {
      const dKernel = kernelGradient(g, dy, { sliding, group, kernelShape });
      weights.set(
        kernel,
        kernelShape.join() === kernel.shape.join()
          ? dKernel
          : g.op('Reshape', [dKernel, g.ints(...kernel.shape)]),
      );
    }
    if (!needsInput) return { inputs: [], weights };
    const plain = context.weight(kernel);
    const shaped =
      kernelShape.join() === kernel.shape.join() ? plain : g.op('Reshape', [plain, g.ints(...kernelShape)]);
    const turned = turnedKernel(g, shaped, kernelShape, group);
    return { inputs: [sendBack(g, dy, turned, { sliding, group })], weights };
  };

/** The shape of a depthwise kernel, (kH, kW, C, M), as that of a convolution in C groups: (kH, kW, 1, C·M). */
export function groupedShape({ shape }: Variable): number[] {
  const [height = 0, width = 0, channels = 0, multiplier = 0] = shape;
  return [height, width, 1, channels * multiplier];
}

/**
 * A depthwise kernel as ONNX wants it: (height, width, in, multiplier) → (in · multiplier, 1, height, width), for a
 * `Conv` of `in` groups.
 */
export function depthwiseKernel(context: Context, kernel: Variable): Value {
  const { g } = context;
  const [height = 0, width = 0, channels = 0, multiplier = 0] = kernel.shape;
  const byChannel = g.op('Transpose', [context.weight(kernel)], { perm: [2, 3, 0, 1] });
  return g.op('Reshape', [byChannel, g.ints(channels * multiplier, 1, height, width)]);
}
