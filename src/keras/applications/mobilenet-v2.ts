import { readKerasFile } from '#platform';
import { ValueError } from '../../errors.js';
import { tfScaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import type { Initializer } from '../initializers.js';
import { Add } from '../layers/add.js';
import { BatchNormalization } from '../layers/batch-normalization.js';
import { Conv2D } from '../layers/conv2d.js';
import { Dense } from '../layers/dense.js';
import { DepthwiseConv2D } from '../layers/depthwise-conv2d.js';
import { GlobalAveragePooling2D } from '../layers/global-pooling2d.js';
import type { KerasTensor } from '../layers/layer.js';
import { ReLU } from '../layers/relu.js';
import { channelsOf } from '../layers/sliding-window.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import type { Model } from '../models/model.js';
import { fixed, floatRepr, pythonTuple } from '../python/format.js';
import { checkHdf5 } from '../saving/hdf5.js';
import { loadWeightsFrom } from '../saving/save.js';
import { makeDivisible, paddingBefore } from './blocks.js';
import {
  type ApplicationOptions,
  type ApplicationSpec,
  buildApplication,
  checkImageNetClasses,
} from './build-application.js';
import type { ImageNetFile } from './mobilenet.js';

export { decodePredictions } from './decode-predictions.js';

export interface MobileNetV2Options extends ApplicationOptions {
  /** Width multiplier: the share of the paper's channels. Default 1. */
  alpha?: number;
  /** `'imagenet'`, the path or the bytes of a file of Keras's weights, or `null` for random ones. Default `'imagenet'`. */
  weights?: 'imagenet' | (string & {}) | Uint8Array | null;
}

const url = 'https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/';
/** Heights and widths that weights are to be had for. */
export const mobileNetV2Sizes: readonly number[] = [96, 128, 160, 192, 224];
/** Widths that weights are to be had for. */
export const mobileNetV2Alphas: readonly number[] = [0.35, 0.5, 0.75, 1, 1.3, 1.4];

/**
 * MobileNet V2: 17 inverted residual blocks.
 *
 * Input (N, H, W, 3), scaled to [−1, 1]; output without the top (N, ⌈H/32⌉, ⌈W/32⌉, 1280), or more channels for an
 * alpha above 1. Keras's function returns at once; this one waits for the weights.
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights
 * cannot be had.
 * Source: keras.applications.MobileNetV2; https://arxiv.org/abs/1801.04381.
 */
export function MobileNetV2(options: MobileNetV2Options = {}): Promise<Model> {
  const { alpha = 1, ...shared } = named(options, 'MobileNetV2');
  const { inputShape = null, inputTensor = null } = shared;
  const spec: ApplicationSpec = {
    className: 'MobileNetV2',
    read: MobileNetV2,
    nameOf: (size) => `mobilenetv2_${fixed(alpha, 2)}_${size ?? 'None'}`,
    sizes: mobileNetV2Sizes,
    published: {
      imagenet: {
        scaling: tfScaling,
        async load(model, request) {
          const bytes = await readMobileNetV2File({ alpha, ...request });
          request.onWeights?.(bytes);
          await loadWeightsFrom(model, bytes);
        },
      },
    },
    check(given) {
      checkImageNetClasses(
        given,
        `If using \`weights="imagenet"\` with \`include_top\` as true, \`classes\` should be 1000. Received \`classes=${given.classes}\``,
      );
      if (inputShape && inputTensor && inputTensor.shape[2] !== inputShape[1])
        throw new ValueError(
          `input_tensor.shape[2] must equal input_shape[1]; Received \`input_tensor.shape=${pythonTuple(inputTensor.shape)}\`, \`input_shape=${pythonTuple(inputShape)}\``,
        );
    },
    checkImageNet() {
      if (!mobileNetV2Alphas.includes(alpha))
        throw new ValueError(
          `If imagenet weights are being loaded, alpha must be one of \`0.35\`, \`0.50\`, \`0.75\`, \`1.0\`, \`1.3\` or \`1.4\` only; Received \`alpha=${alpha}\``,
        );
    },
    guidingShape: inputShape ?? inputTensor?.shape.slice(1),
    features: (input, kernels) => convolutions(input, alpha, kernels()),
    top: (map, { classes, classifierActivation }, kernels) =>
      new Dense({
        units: classes,
        activation: classifierActivation,
        kernelInitializer: kernels(),
        name: 'predictions',
      }).apply(new GlobalAveragePooling2D().apply(map)),
  };
  return buildApplication(spec, shared);
}

/** The file of ImageNet weights that Keras publishes, from Keras's cache or its address. */
export function readMobileNetV2File({
  alpha,
  size,
  includeTop,
  onProgress,
}: ImageNetFile): Promise<Uint8Array> {
  const file = `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${floatRepr(alpha)}_${size}${includeTop ? '' : '_no_top'}.h5`;
  return readKerasFile({ file, url: url + file, check: checkHdf5, onProgress });
}

/** Block 16. */
const lastBlock = [320, 1, 6] as const;

/** The inverted residual blocks 0 to 16: output channels at alpha 1, strides, expansion. */
const blocks: readonly (readonly [filters: number, strides: 1 | 2, expansion: number])[] = [
  [16, 1, 1],
  [24, 2, 6],
  [24, 1, 6],
  [32, 2, 6],
  [32, 1, 6],
  [32, 1, 6],
  [64, 2, 6],
  [64, 1, 6],
  [64, 1, 6],
  [64, 1, 6],
  [96, 1, 6],
  [96, 1, 6],
  [96, 1, 6],
  [160, 2, 6],
  [160, 1, 6],
  [160, 1, 6],
  lastBlock,
];

/** (N, H, W, C) → (N, H/32, W/32, 1280) */
function convolutions(input: KerasTensor, alpha: number, initializer: Initializer): KerasTensor {
  const normalise = (x: KerasTensor, name: string) =>
    new BatchNormalization({ epsilon: 1e-3, momentum: 0.999, name }).apply(x);
  const relu = (x: KerasTensor, name: string) => new ReLU({ maxValue: 6, name }).apply(x);
  const shared = { useBias: false, kernelInitializer: initializer };
  const mix = (x: KerasTensor, filters: number, name: string) =>
    new Conv2D({ ...shared, filters, kernelSize: 1, padding: 'same', name }).apply(x);

  const first = { filters: makeDivisible(32 * alpha), kernelSize: 3, strides: 2, padding: 'same' };
  let x = new Conv2D({ ...shared, ...first, name: 'Conv1' }).apply(input);
  x = relu(normalise(x, 'bn_Conv1'), 'Conv1_relu');

  for (const [id, [blockFilters, strides, expansion]] of blocks.entries()) {
    const start = x;
    const channels = channelsOf(start.layer.name, start.shape);
    const filters = blockFiltersAt(alpha, blockFilters);
    const prefix = id === 0 ? 'expanded_conv_' : `block_${id}_`;
    if (id > 0) {
      x = normalise(mix(x, expansion * channels, `${prefix}expand`), `${prefix}expand_BN`);
      x = relu(x, `${prefix}expand_relu`);
    }
    if (strides === 2) x = new ZeroPadding2D({ padding: paddingBefore(x, 3), name: `${prefix}pad` }).apply(x);
    const depthwise = new DepthwiseConv2D({
      kernelSize: 3,
      strides,
      padding: strides === 1 ? 'same' : 'valid',
      useBias: false,
      depthwiseInitializer: initializer,
      name: `${prefix}depthwise`,
    });
    x = relu(normalise(depthwise.apply(x), `${prefix}depthwise_BN`), `${prefix}depthwise_relu`);
    x = normalise(mix(x, filters, `${prefix}project`), `${prefix}project_BN`);
    if (channels === filters && strides === 1) x = new Add({ name: `${prefix}add` }).apply([start, x]);
  }

  // The last layer is never narrower than the paper's.
  const filters = alpha > 1 ? makeDivisible(1280 * alpha) : 1280;
  x = new Conv2D({ ...shared, filters, kernelSize: 1, name: 'Conv_1' }).apply(x);
  return relu(normalise(x, 'Conv_1_bn'), 'out_relu');
}

const blockFiltersAt = (alpha: number, filters: number): number => makeDivisible(Math.trunc(filters * alpha));

/** Filters of the last block, `block_16_project`. */
export const lastProjection = (alpha: number): number => blockFiltersAt(alpha, lastBlock[0]);

/** Scales levels from 0 to 255 to [−1, 1]. Source: keras.applications.mobilenet_v2.preprocess_input. */
export { preprocessInput } from './mobilenet.js';
