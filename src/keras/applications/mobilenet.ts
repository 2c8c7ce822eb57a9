import { readKerasFile } from '#platform';
import { ValueError } from '../../errors.js';
import { caffeScaling, tfScaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import type { Initializer } from '../initializers.js';
import { Activation } from '../layers/activation.js';
import { BatchNormalization } from '../layers/batch-normalization.js';
import { Conv2D } from '../layers/conv2d.js';
import { DepthwiseConv2D } from '../layers/depthwise-conv2d.js';
import { Dropout } from '../layers/dropout.js';
import { GlobalAveragePooling2D } from '../layers/global-pooling2d.js';
import type { KerasTensor } from '../layers/layer.js';
import { ReLU } from '../layers/relu.js';
import { Reshape } from '../layers/reshape.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { fixed } from '../python/format.js';
import { checkHdf5 } from '../saving/hdf5.js';
import { loadWeightsFrom } from '../saving/save.js';
import {
  type ApplicationOptions,
  type ApplicationSpec,
  buildApplication,
  checkImageNetClasses,
  type TopOptions,
  type WeightsRequest,
} from './build-application.js';
import { loadFaceWeights, readFaceWeights } from './vggface2.js';

export { decodePredictions } from './decode-predictions.js';

export interface MobileNetOptions extends ApplicationOptions {
  /** Width multiplier: the share of the paper's channels. Default 1. */
  alpha?: number;
  /** Channels that a depthwise convolution makes of one. Default 1. */
  depthMultiplier?: number;
  /** Share of features that the top drops while it trains. Default 0.001. */
  dropout?: number;
  /**
   * `'imagenet'`, `'vggface2'` (faces; alpha 1 without the top), the path or the bytes of a file of Keras's weights, or
   * `null` for random ones. Default `'imagenet'`.
   */
  weights?: 'imagenet' | 'vggface2' | (string & {}) | Uint8Array | null;
}

const url = 'https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/';

/** The sizes of pictures and the widths that Keras has weights for. */
export const mobileNetSizes: readonly number[] = [128, 160, 192, 224];
export const mobileNetAlphas: readonly number[] = [0.25, 0.5, 0.75, 1];

/** The filters of the first layer at alpha 1. */
export const firstFilters = 32;

/** SHA-256 of Keras's files, where this project has seen them. */
const hashes: Readonly<Record<string, string>> = {
  'mobilenet_2_5_224_tf_no_top.h5': 'dbdb03ee2a22fd895301636cd328b234bb3a9952358f436d82f46b81e0d5b0bf',
};

/**
 * MobileNet V1: 13 depthwise separable convolutions.
 *
 * Input (N, H, W, 3), scaled by `preprocessInput`, or as `caffeScaling` says for `'vggface2'`; output without the
 * top (N, ⌈H/32⌉, ⌈W/32⌉, 1024·alpha). Keras's function returns at once; this one waits for the weights.
 *
 * @example
 * const base = await MobileNet({ weights: 'imagenet', includeTop: false, inputShape: [224, 224, 3] });
 * base.trainable = false;
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights
 * cannot be had.
 * Source: keras.applications.MobileNet; https://arxiv.org/abs/1704.04861.
 */
export function MobileNet(options: MobileNetOptions = {}): Promise<Model> {
  const { alpha = 1, depthMultiplier = 1, dropout = 1e-3, ...shared } = named(options, 'MobileNet');
  const spec: ApplicationSpec = {
    className: 'MobileNet',
    read: MobileNet,
    nameOf: (size) => `mobilenet_${fixed(alpha, 2)}_${size ?? 'None'}`,
    sizes: mobileNetSizes,
    published: {
      imagenet: {
        scaling: tfScaling,
        async load(model, request) {
          const bytes = await readImageNetFile({ alpha, ...request });
          request.onWeights?.(bytes);
          await loadWeightsFrom(model, bytes);
        },
      },
      vggface2: {
        scaling: caffeScaling,
        async load(model, request) {
          const weights = await readFaceWeights();
          request.onWeights?.(weights.bytes);
          loadFaceWeights(model, weights);
        },
      },
    },
    check(given) {
      const { weights, includeTop, classes } = given;
      checkImageNetClasses(
        given,
        `If using \`weights='imagenet'\` with \`include_top=True\`, \`classes\` should be 1000.  Received classes=${classes}`,
      );
      if (weights === 'vggface2' && (includeTop || alpha !== 1 || depthMultiplier !== 1))
        throw new ValueError(
          `If vggface2 weights are being loaded, \`include_top\` must be False, alpha 1 and depth_multiplier 1. Received include_top=${includeTop ? 'True' : 'False'}, alpha=${alpha}, depth_multiplier=${depthMultiplier}`,
        );
    },
    checkImageNet() {
      if (depthMultiplier !== 1)
        throw new ValueError(
          `If imagenet weights are being loaded, depth multiplier must be 1.  Received depth_multiplier=${depthMultiplier}`,
        );
      if (!mobileNetAlphas.includes(alpha))
        throw new ValueError(
          `If imagenet weights are being loaded, alpha can be one of\`0.25\`, \`0.50\`, \`0.75\` or \`1.0\` only.  Received alpha=${alpha}`,
        );
    },
    features: (input, kernels) => convolutions(input, { alpha, depthMultiplier, initializer: kernels() }),
    top: (map, given, kernels) => top(map, { ...given, dropout, initializer: kernels() }),
    scalingOfFile: (path) => (isKerasFile(path) ? tfScaling : null),
  };
  return buildApplication(spec, shared);
}

/** Whether this is the path of a file that Keras published. */
const isKerasFile = (path: string): boolean => /mobilenet_\d_\d_\d+_tf(_no_top)?\.h5$/.test(path);

export interface ImageNetFile extends WeightsRequest {
  readonly alpha: number;
}

/** The file of ImageNet weights that Keras publishes, from Keras's cache or its address. */
export function readImageNetFile({ alpha, size, includeTop, onProgress }: ImageNetFile): Promise<Uint8Array> {
  const width = fixed(alpha * (alpha === 1 ? 1 : 10), 1).replace('.', '_');
  const file = `mobilenet_${width}_${size}_tf${includeTop ? '' : '_no_top'}.h5`;
  return readKerasFile({ file, url: url + file, sha256: hashes[file], check: checkHdf5, onProgress });
}

/** Output channels and strides of the depthwise separable convolutions 1 to 13, at alpha 1. */
const blocks: readonly (readonly [filters: number, strides: 1 | 2])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];

/** (N, H, W, C) → (N, H/32, W/32, 1024·alpha) */
function convolutions(
  input: KerasTensor,
  {
    alpha,
    depthMultiplier,
    initializer,
  }: { alpha: number; depthMultiplier: number; initializer: Initializer },
): KerasTensor {
  const normalised = (x: KerasTensor, name: string) =>
    new ReLU({ maxValue: 6, name: `${name}_relu` }).apply(
      new BatchNormalization({ name: `${name}_bn` }).apply(x),
    );
  const filtersOf = (filters: number) => Math.trunc(filters * alpha);

  const first = {
    filters: filtersOf(firstFilters),
    kernelSize: 3,
    padding: 'same',
    useBias: false,
    strides: 2,
    kernelInitializer: initializer,
  };
  let x = normalised(new Conv2D({ ...first, name: 'conv1' }).apply(input), 'conv1');
  for (const [i, [filters, strides]] of blocks.entries()) {
    const id = i + 1;
    if (strides === 2)
      x = new ZeroPadding2D({
        padding: [
          [0, 1],
          [0, 1],
        ],
        name: `conv_pad_${id}`,
      }).apply(x);
    const depthwise = new DepthwiseConv2D({
      kernelSize: 3,
      padding: strides === 1 ? 'same' : 'valid',
      depthMultiplier,
      strides,
      useBias: false,
      depthwiseInitializer: initializer,
      name: `conv_dw_${id}`,
    });
    x = normalised(depthwise.apply(x), `conv_dw_${id}`);
    const mix = {
      filters: filtersOf(filters),
      kernelSize: 1,
      padding: 'same',
      useBias: false,
      kernelInitializer: initializer,
    };
    x = normalised(new Conv2D({ ...mix, name: `conv_pw_${id}` }).apply(x), `conv_pw_${id}`);
  }
  return x;
}

interface MobileNetTop extends TopOptions {
  /** The share of the features that training drops. */
  readonly dropout: number;
  /** Draws the kernel of the last layer. */
  readonly initializer: Initializer;
}

/** (N, H, W, D) → (N, classes) */
function top(
  map: KerasTensor,
  { classes, dropout, classifierActivation, initializer }: MobileNetTop,
): KerasTensor {
  const pooled = new GlobalAveragePooling2D({ keepdims: true }).apply(map);
  const dropped = new Dropout({ rate: dropout, name: 'dropout' }).apply(pooled);
  const scores = new Conv2D({
    filters: classes,
    kernelSize: 1,
    padding: 'same',
    kernelInitializer: initializer,
    name: 'conv_preds',
  });
  const flat = new Reshape({ targetShape: [classes], name: 'reshape_2' }).apply(scores.apply(dropped));
  return new Activation({ activation: classifierActivation, name: 'predictions' }).apply(flat);
}

/**
 * Scales levels from 0 to 255 to [−1, 1], as the ImageNet weights want them.
 *
 * Source: keras.applications.mobilenet.preprocess_input.
 */
export const preprocessInput = preprocessInputOf(tfScaling);
