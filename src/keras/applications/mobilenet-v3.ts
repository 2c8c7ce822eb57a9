import { ValueError } from '../../errors.js';
import { scalings, tfScaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import type { ActivationName } from '../activations.js';
import { Activation } from '../layers/activation.js';
import { Add } from '../layers/add.js';
import { Dropout } from '../layers/dropout.js';
import { Flatten } from '../layers/flatten.js';
import { GlobalAveragePooling2D } from '../layers/global-pooling2d.js';
import type { KerasTensor } from '../layers/layer.js';
import { Multiply } from '../layers/multiply.js';
import { plus, times } from '../layers/operation.js';
import { ReLU } from '../layers/relu.js';
import { Rescaling } from '../layers/rescaling.js';
import { channelsOf } from '../layers/sliding-window.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { floatRepr, pythonTuple } from '../python/format.js';
import type { InputShape } from './architecture.js';
import { Blocks, makeDivisible, paddingBefore } from './blocks.js';
import { buildApplication, checkImageNetClasses, type ImageNetOptions } from './build-application.js';
import { imageNetWeights, kerasFolder } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

export interface MobileNetV3Options extends ImageNetOptions {
  /** Width multiplier: the share of the paper's channels. Default 1. */
  alpha?: number;
  /** Leaves out what is slow on some chips: weights of channels, hard-swish, kernels of 5 × 5. Default `false`. */
  minimalistic?: boolean;
  /** Share of features that the top drops while it trains. Default 0.2. */
  dropoutRate?: number;
  /** Whether the network scales levels from 0 to 255 by itself; else it wants [−1, 1]. Default `true`. */
  includePreprocessing?: boolean;
}

/** Whether channels are weighed, and the activation: ReLU, or hard-swish unless the network is minimalistic. */
type Row = readonly [
  expansion: number,
  filters: number,
  kernelSize: 3 | 5,
  strides: 1 | 2,
  weighsChannels: boolean,
  activation: 'relu' | 'hard_silu',
];

interface Variant {
  readonly className: string;
  readonly read: (options: MobileNetV3Options) => Promise<Model>;
  /** Its name in Keras's files. */
  readonly size: 'small' | 'large';
  readonly table: readonly Row[];
  /** Channels of the top. */
  readonly topFilters: number;
  /** MD5 of Keras's files with and without the top, by their names. */
  readonly hashes: Readonly<Record<string, readonly [top: string, noTop: string]>>;
}

/**
 * MobileNetV3Small: 11 inverted residual blocks, most of which weigh their channels.
 *
 * Input (N, H, W, 3), levels from 0 to 255; output without the top (N, ⌈H/32⌉, ⌈W/32⌉, 576·alpha).
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.MobileNetV3Small; https://arxiv.org/abs/1905.02244.
 */
export const MobileNetV3Small = (options: MobileNetV3Options = {}): Promise<Model> =>
  mobileNetV3(options, {
    ...{ className: 'MobileNetV3Small', read: MobileNetV3Small, size: 'small', topFilters: 1024 },
    table: [
      [1, 16, 3, 2, true, 'relu'],
      [72 / 16, 24, 3, 2, false, 'relu'],
      [88 / 24, 24, 3, 1, false, 'relu'],
      [4, 40, 5, 2, true, 'hard_silu'],
      [6, 40, 5, 1, true, 'hard_silu'],
      [6, 40, 5, 1, true, 'hard_silu'],
      [3, 48, 5, 1, true, 'hard_silu'],
      [3, 48, 5, 1, true, 'hard_silu'],
      [6, 96, 5, 2, true, 'hard_silu'],
      [6, 96, 5, 1, true, 'hard_silu'],
      [6, 96, 5, 1, true, 'hard_silu'],
    ],
    hashes: {
      'small_224_0.75': ['cb65d4e5be93758266aa0a7f2c6708b7', 'ebdb5cc8e0b497cd13a7c275d475c819'],
      'small_224_1.0': ['8768d4c2e7dee89b9d02b2d03d65d862', 'd3e8ec802a04aa4fc771ee12a9a9b836'],
      'small_minimalistic_224_1.0': ['99cd97fb2fcdad2bf028eb838de69e37', 'cde8136e733e811080d9fcd8a252f7e4'],
    },
  });

/** MobileNetV3Large: 15 blocks; 960·alpha channels without the top. Source: keras.applications.MobileNetV3Large. */
export const MobileNetV3Large = (options: MobileNetV3Options = {}): Promise<Model> =>
  mobileNetV3(options, {
    ...{ className: 'MobileNetV3Large', read: MobileNetV3Large, size: 'large', topFilters: 1280 },
    table: [
      [1, 16, 3, 1, false, 'relu'],
      [4, 24, 3, 2, false, 'relu'],
      [3, 24, 3, 1, false, 'relu'],
      [3, 40, 5, 2, true, 'relu'],
      [3, 40, 5, 1, true, 'relu'],
      [3, 40, 5, 1, true, 'relu'],
      [6, 80, 3, 2, false, 'hard_silu'],
      [2.5, 80, 3, 1, false, 'hard_silu'],
      [2.3, 80, 3, 1, false, 'hard_silu'],
      [2.3, 80, 3, 1, false, 'hard_silu'],
      [6, 112, 3, 1, true, 'hard_silu'],
      [6, 112, 3, 1, true, 'hard_silu'],
      [6, 160, 5, 2, true, 'hard_silu'],
      [6, 160, 5, 1, true, 'hard_silu'],
      [6, 160, 5, 1, true, 'hard_silu'],
    ],
    hashes: {
      'large_224_0.75': ['765b44a33ad4005b3ac83185abf1d0eb', '40af19a13ebea4e2ee0c676887f69a2e'],
      'large_224_1.0': ['59e551e166be033d707958cf9e29a6a7', '07fb09a5933dd0c8eaafa16978110389'],
      'large_minimalistic_224_1.0': ['675e7b876c45c57e9e63e6d90a36599c', 'ec5221f64a2f6d1ef965a614bdae7973'],
    },
  });

function mobileNetV3(options: MobileNetV3Options, variant: Variant): Promise<Model> {
  const { className, read, size, hashes, topFilters } = variant;
  const {
    alpha = 1,
    minimalistic = false,
    dropoutRate = 0.2,
    includePreprocessing = true,
    ...shared
  } = named(options, className);
  const { inputTensor = null } = shared;
  const file = `${size}${minimalistic ? '_minimalistic' : ''}_224_${floatRepr(alpha)}`;
  const [top = '', noTop = ''] = hashes[file] ?? [];
  const path = `weights_mobilenet_v3_${file}_float`;
  const activate = (x: KerasTensor, activation: Row[5]) =>
    activation === 'relu' || minimalistic
      ? new ReLU().apply(x)
      : new Activation({ activation: 'hard_silu' }).apply(x);
  return buildApplication(
    {
      ...{ className, read, namesPooling: true, sizes: [224] },
      nameOf: () => className,
      published: {
        imagenet: imageNetWeights({
          ...{
            scaling: includePreprocessing ? scalings.none : tfScaling,
            folder: `${kerasFolder}/mobilenet_v3`,
          },
          top: [`${path}.h5`, top],
          noTop: [`${path}_no_top_v2.h5`, noTop],
        }),
      },
      check: (given) =>
        checkImageNetClasses(
          given,
          `If using \`weights="imagenet"\` with \`include_top\` as true, \`classes\` should be 1000.  Received classes=${given.classes}`,
        ),
      checkImageNet() {
        if (!hashes[file])
          throw new ValueError(
            'If imagenet weights are being loaded, alpha can be one of `0.75`, `1.0` for non minimalistic or `1.0` for minimalistic only.',
          );
      },
      chooseShape: (inputShape) => chooseShape(inputShape, inputTensor),
      features(input, draw) {
        const net = new Blocks(draw, { epsilon: 1e-3, momentum: 0.999 });
        const x = includePreprocessing ? new Rescaling({ scale: 1 / 127.5, offset: -1 }).apply(input) : input;
        return convolutions(net, x, { ...variant, alpha, minimalistic, activate });
      },
      top(map, { classes, classifierActivation }, draw) {
        const net = new Blocks(draw);
        const filters = alpha > 1 ? makeDivisible(topFilters * alpha) : topFilters;
        const mix = { kernelSize: 1, padding: 'same' };
        let x = new GlobalAveragePooling2D({ keepdims: true }).apply(map);
        x = activate(net.conv(x, { ...mix, filters, name: 'conv_2' }), 'hard_silu');
        if (dropoutRate > 0) x = new Dropout({ rate: dropoutRate }).apply(x);
        x = new Flatten().apply(net.conv(x, { ...mix, filters: classes, name: 'logits' }));
        return new Activation({
          activation: classifierActivation as ActivationName,
          name: 'predictions',
        }).apply(x);
      },
    },
    shared,
  );
}

/** With or without the top, any size will do. @throws ValueError in Keras's words */
function chooseShape(inputShape: InputShape | null, inputTensor: KerasTensor | null): InputShape {
  if (inputShape && inputTensor && inputTensor.shape[2] !== inputShape[1])
    throw new ValueError(
      `input_shape[1] must equal input_tensor.shape[2].  Received input_shape=${pythonTuple(inputShape)}, input_tensor.shape=${pythonTuple(inputTensor.shape)}`,
    );
  const shape = inputShape ?? inputTensor?.shape.slice(1) ?? [null, null, 3];
  const [rows, columns] = shape;
  if (rows && columns && (rows < 32 || columns < 32))
    throw new ValueError(`Input size must be at least 32x32; Received \`input_shape=${pythonTuple(shape)}\``);
  return shape;
}

interface Network extends Pick<Variant, 'table'> {
  readonly alpha: number;
  readonly minimalistic: boolean;
  readonly activate: (x: KerasTensor, activation: Row[5]) => KerasTensor;
}

/** (N, H, W, C) → (N, H/32, W/32, D) */
function convolutions(net: Blocks, input: KerasTensor, { table, alpha, minimalistic, activate }: Network) {
  const conv = (x: KerasTensor, filters: number, name: string) =>
    net.conv(x, { filters, kernelSize: 1, padding: 'same', useBias: false, name });
  let x = net.conv(input, {
    ...{ filters: 16, kernelSize: 3, strides: 2, padding: 'same', useBias: false },
    name: 'conv',
  });
  x = activate(net.normalise(x, 'conv_bn'), 'hard_silu');
  for (const [id, [expansion, width, size, strides, weighsChannels, activation]] of table.entries()) {
    const start = x;
    const channels = channelsOf(start.layer.name, start.shape);
    const filters = makeDivisible(width * alpha);
    const kernelSize = minimalistic ? 3 : size;
    const prefix = id === 0 ? 'expanded_conv_' : `expanded_conv_${id}_`;
    const expanded = makeDivisible(channels * expansion);
    if (id > 0)
      x = activate(net.normalise(conv(x, expanded, `${prefix}expand`), `${prefix}expand_bn`), activation);
    if (strides === 2)
      x = new ZeroPadding2D({ padding: paddingBefore(x, kernelSize), name: `${prefix}depthwise_pad` }).apply(
        x,
      );
    const padding = strides === 1 ? 'same' : 'valid';
    x = net.depthwise(x, { kernelSize, strides, padding, useBias: false, name: `${prefix}depthwise` });
    x = activate(net.normalise(x, `${prefix}depthwise_bn`), activation);
    if (weighsChannels && !minimalistic) x = weighChannels(net, x, expanded, `${prefix}squeeze_excite_`);
    x = net.normalise(conv(x, filters, `${prefix}project`), `${prefix}project_bn`);
    if (strides === 1 && channels === filters) x = new Add({ name: `${prefix}add` }).apply([start, x]);
  }
  const last = makeDivisible(channelsOf('conv_1', x.shape) * 6);
  return activate(net.normalise(conv(x, last, 'conv_1'), 'conv_1_bn'), 'hard_silu');
}

/** Each channel times a weight between 0 and 1 that its mean, and those of the others, give it. */
function weighChannels(net: Blocks, x: KerasTensor, filters: number, prefix: string): KerasTensor {
  const mix = { kernelSize: 1, padding: 'same' };
  let se = new GlobalAveragePooling2D({ keepdims: true, name: `${prefix}avg_pool` }).apply(x);
  se = net.conv(se, { ...mix, filters: makeDivisible(filters * 0.25), name: `${prefix}conv` });
  se = new ReLU({ name: `${prefix}relu` }).apply(se);
  se = net.conv(se, { ...mix, filters, name: `${prefix}conv_1` });
  // The hard sigmoid.
  se = times(new ReLU({ maxValue: 6 }).apply(plus(se, 3)), 1 / 6);
  return new Multiply({ name: `${prefix}mul` }).apply([x, se]);
}

/** Levels as they are, since the network scales them itself. Source: keras.applications.mobilenet_v3.preprocess_input. */
export const preprocessInput = preprocessInputOf(scalings.none);
