import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Context, Forward, Gradients, Parameter } from '../../graph/differentiable.js';
import type { Attribute, Value } from '../../graph/graph.js';
import { elementWise, toChannelsLast, toOnnxKernel } from '../../graph/layout.js';
import { shortcutsOf } from '../../graph/shortcuts.js';
import { named } from '../../named-options.js';
import { type Activation, type ActivationName, getActivation } from '../activations.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { getRegularizer, type Regularizer, type RegularizerName } from '../regularizers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import type { InputSpec } from './input-spec.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';
import { channelsOver, pixelImages, pixelRows } from './pixels.js';
import {
  channelsOf,
  type Pair,
  slide,
  toPadding,
  toPair,
  type Window,
  windowAttributes,
} from './sliding-window.js';
import { SmallDepthwise } from './small-depthwise.js';
import { kernelGradient, sendBack, turnedKernel } from './window-gradient.js';

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

  /** The forward pass of a layer of one convolution, which predicts with `predict`. */
  protected oneConvolution(context: Context, step: ConvolutionStep, predict: () => Value): Forward {
    if (!context.training) return this.activate(context, predict(), noBackward);
    const { output, backward } = trainConvolution(context, step);
    return this.activate(context, output, backward);
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

  /** The activation of z, which `backward` goes on from. */
  protected activate({ g }: Context, z: Value, backward: Backward): Forward {
    const { activation } = this;
    const y =
      activation.name === 'linear' ? z : elementWise(g, [z], ([value = z]) => activation.forward(g, value));
    const through = (dy: Value) =>
      activation.name === 'linear'
        ? dy
        : elementWise(g, [dy, z, y], ([d = dy, from = z, to = y]) =>
            activation.backward(g, d, { x: from, y: to }),
          );
    return {
      output: y,
      backward: (dy, needsInput) => backward(through(dy), needsInput),
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

/** What predicts is not differentiated. */
export const noBackward: Backward = () => ({ inputs: [] });

/** A convolution in `group` groups. */
export interface ConvolutionStep {
  readonly window: Window;
  /** The shape of the input, channels last. */
  readonly inputShape: Shape;
  /** The input (N, C, H, W). */
  readonly x: Value;
  readonly kernel: Variable;
  /** (kH, kW, C / group, C′): the kernel's shape; a depthwise kernel has the axes of its outputs put together. */
  readonly kernelShape: readonly number[];
  readonly bias?: Variable;
  readonly group: number;
}

/** A convolution in a graph that trains: its output, and the way back. */
export function trainConvolution(
  context: Context,
  step: ConvolutionStep,
): { output: Value; backward: Backward } {
  const { g } = context;
  const { kernel, kernelShape, bias, group } = step;
  const isWhole = kernelShape.join() === kernel.shape.join();
  const shaped = (value: Value, shape: readonly number[]) =>
    isWhole ? value : g.op('Reshape', [value, g.ints(...shape)]);
  const plain = shaped(context.weight(kernel), kernelShape);
  const biases = bias && context.weight(bias);
  const output = convolve(g, step, plain, biases);
  shortcutsOf(g)?.affine.set(output, (scale, shift) =>
    convolve(
      g,
      step,
      g.op('Mul', [plain, scale]),
      biases === undefined ? shift : g.op('Add', [g.op('Mul', [biases, scale]), shift]),
    ),
  );
  const backward: Backward = (dOutput, needsInput) => {
    // A gradient that is another times a scale: the scale multiplies what is smaller.
    const scaled = shortcutsOf(g)?.scaled.get(dOutput);
    const dy = scaled?.value ?? dOutput;
    const times = (value: Value) => (scaled ? g.op('Mul', [value, scaled.scale]) : value);
    const weights = new Map<Parameter, Value>();
    if (context.isTrained(kernel))
      weights.set(kernel, shaped(times(kernelGradientOf(g, step, dy)), kernel.shape));
    if (bias && context.isTrained(bias)) weights.set(bias, times(sumOfPixels(g, dy)));
    const dInput = needsInput ? [inputGradientOf(g, step, dy, times(plain), group)] : [];
    return { inputs: dInput, weights };
  };
  return { output, backward };
}

/** Whether each pixel goes by itself, so that images are rows of pixels, and the kernel one matrix. */
const isPointwise = ({ kernelShape: [height, width], window: { strides }, group }: ConvolutionStep) =>
  height === 1 && width === 1 && strides[0] === 1 && strides[1] === 1 && group === 1;

/** Rows of pixels as images of the height and width of `like`. */
function imagesOf(g: GraphBuilder, rows: Value, channels: number, { inputShape, x }: ConvolutionStep): Value {
  const [, height, width] = inputShape;
  const shape =
    height != null && width != null
      ? g.ints(-1, height, width, channels)
      : g.op(
          'Concat',
          [g.op('Slice', [g.op('Shape', [toChannelsLast(g, x)]), g.ints(0), g.ints(3)]), g.ints(channels)],
          { axis: 0 },
        );
  return pixelImages(g, rows, shape);
}

function convolve(g: GraphBuilder, step: ConvolutionStep, kernel: Value, bias: Value | undefined): Value {
  const { window, inputShape, x, kernelShape, group } = step;
  const [, , inputs = 1, outputs = 1] = kernelShape;
  const biases = bias === undefined ? [] : [bias];
  if (isPointwise(step)) {
    const matrix = g.op('Reshape', [kernel, g.ints(inputs, outputs)]);
    return imagesOf(g, g.op('Gemm', [pixelRows(g, x, inputs), matrix, ...biases]), outputs, step);
  }
  const small = SmallDepthwise.of(g, step);
  if (small) return small.forward(x, kernel, bias);
  return g.op('Conv', [x, toOnnxKernel(g, kernel), ...biases], {
    ...windowAttributes(window, inputShape),
    ...(group === 1 ? {} : { group }),
  });
}

/** (kH, kW, C / group, C′) */
function kernelGradientOf(g: GraphBuilder, step: ConvolutionStep, dy: Value): Value {
  const { window, inputShape, x, kernelShape, group } = step;
  if (!isPointwise(step))
    return kernelGradient(g, dy, { sliding: { window, inputShape, x, y: dy }, group, kernelShape });
  const [, , inputs = 1, outputs = 1] = kernelShape;
  // Gemm with transA would transpose its parts again and again.
  return g.op('Reshape', [
    g.op('Gemm', [g.op('Reshape', [channelsOver(g, x), g.ints(inputs, -1)]), pixelRows(g, dy, outputs)]),
    g.ints(...kernelShape),
  ]);
}

/** (N, C, H, W) */
function inputGradientOf(
  g: GraphBuilder,
  step: ConvolutionStep,
  dy: Value,
  kernel: Value,
  group: number,
): Value {
  const { window, inputShape, x, kernelShape } = step;
  const small = SmallDepthwise.of(g, step);
  if (small) return small.inputGradient(dy, kernel);
  if (!isPointwise(step)) {
    const turned = turnedKernel(g, kernel, kernelShape, group);
    return sendBack(g, dy, turned, { sliding: { window, inputShape, x, y: dy }, group });
  }
  const [, , inputs = 1, outputs = 1] = kernelShape;
  // Transposed with all its axes, lest ONNX Runtime make that a slower Gemm with transB again.
  const across = g.op('Transpose', [kernel], { perm: [0, 1, 3, 2] });
  const matrix = g.op('Reshape', [across, g.ints(outputs, inputs)]);
  return imagesOf(g, g.op('Gemm', [pixelRows(g, dy, outputs), matrix]), inputs, step);
}

/** (N, C, H, W) → (C) */
function sumOfPixels(g: GraphBuilder, images: Value): Value {
  const last = shortcutsOf(g)?.channelsLast.get(images);
  return last === undefined
    ? g.op('ReduceSum', [images, g.ints(0, 2, 3)], { keepdims: 0 })
    : g.op('ReduceSum', [last, g.ints(0, 1, 2)], { keepdims: 0 });
}

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
