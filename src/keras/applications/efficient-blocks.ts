/** The parts of which both EfficientNets are made. */
import { type Initializer, type SeedOption, VarianceScaling } from '../initializers.js';
import { Add } from '../layers/add.js';
import type { Conv2DOptions } from '../layers/conv2d.js';
import { Dropout } from '../layers/dropout.js';
import { GlobalAveragePooling2D } from '../layers/global-pooling2d.js';
import type { KerasTensor } from '../layers/layer.js';
import { Multiply } from '../layers/multiply.js';
import { Reshape } from '../layers/reshape.js';
import { channelsOf } from '../layers/sliding-window.js';
import type { Blocks } from './blocks.js';
import type { TopOptions } from './build-application.js';

/** An inverted residual block. */
export interface EfficientBlock {
  /** The beginning of its layers' names: `block2a_`. */
  readonly prefix: string;
  readonly kernelSize: number;
  readonly inputFilters: number;
  readonly filters: number;
  /** How many times as many channels there are within. */
  readonly expansion: number;
  readonly strides: 1 | 2;
  /** The share of pictures for which training leaves the block out. */
  readonly drop: number;
}

/** First values of their convolutions. */
export const kernelInitializer = ({ seed }: SeedOption) =>
  VarianceScaling({ scale: 2, mode: 'fan_out', distribution: 'truncated_normal', seed });

/** More channels. */
export function expand(
  net: Blocks,
  x: KerasTensor,
  { prefix, inputFilters, expansion }: EfficientBlock,
  own: Partial<Conv2DOptions> = {},
): KerasTensor {
  const filters = inputFilters * expansion;
  const options = { filters, kernelSize: 1, padding: 'same', useBias: false, ...own };
  const y = net.conv(x, { ...options, name: `${prefix}expand_conv` });
  return net.activate(net.normalise(y, `${prefix}expand_bn`), `${prefix}expand_activation`, 'silu');
}

/** Each channel times a weight that its mean, and those of the others, give it. */
export function squeezeAndExcite(net: Blocks, x: KerasTensor, prefix: string, squeezed: number): KerasTensor {
  const filters = channelsOf(prefix, x.shape);
  let se = new GlobalAveragePooling2D({ name: `${prefix}se_squeeze` }).apply(x);
  se = new Reshape({ targetShape: [1, 1, filters], name: `${prefix}se_reshape` }).apply(se);
  const mix = { kernelSize: 1, padding: 'same' };
  se = net.conv(se, { ...mix, filters: squeezed, activation: 'silu', name: `${prefix}se_reduce` });
  se = net.conv(se, { ...mix, filters, activation: 'sigmoid', name: `${prefix}se_expand` });
  return new Multiply({ name: `${prefix}se_excite` }).apply([x, se]);
}

/** Fewer channels. */
export function project(
  net: Blocks,
  x: KerasTensor,
  { prefix, filters }: EfficientBlock,
  own: Partial<Conv2DOptions> = {},
): KerasTensor {
  const options = { filters, kernelSize: 1, padding: 'same', useBias: false, ...own };
  return net.normalise(net.conv(x, { ...options, name: `${prefix}project_conv` }), `${prefix}project_bn`);
}

/** Adds the block's input where it is of the same shape. */
export function addInput(input: KerasTensor, x: KerasTensor, options: EfficientBlock): KerasTensor {
  const { prefix, strides, inputFilters, filters, drop } = options;
  if (strides !== 1 || inputFilters !== filters) return x;
  const whole = { noiseShape: [null, 1, 1, 1], name: `${prefix}drop` };
  const y = drop > 0 ? new Dropout({ rate: drop, ...whole }).apply(x) : x;
  return new Add({ name: `${prefix}add` }).apply([y, input]);
}

interface EfficientTop {
  /** Share of the features that training drops. */
  readonly rate: number;
  /** First values of the biases. Default: zeros. */
  readonly biasInitializer?: Initializer;
}

/** The top. */
export const classifyFeatures = (
  net: Blocks,
  map: KerasTensor,
  given: TopOptions,
  { rate, biasInitializer }: EfficientTop,
): KerasTensor =>
  net.classify(map, {
    ...{ ...given, poolName: 'avg_pool', dropout: { rate, name: 'top_dropout' }, biasInitializer },
    kernelInitializer: net.kernels(({ seed }) =>
      VarianceScaling({ scale: 1 / 3, mode: 'fan_out', distribution: 'uniform', seed }),
    ),
  });
