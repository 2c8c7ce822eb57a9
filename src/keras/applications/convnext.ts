import { scalings } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import { Activation } from '../layers/activation.js';
import { Conv2D } from '../layers/conv2d.js';
import { Dense } from '../layers/dense.js';
import { GlobalAveragePooling2D } from '../layers/global-pooling2d.js';
import type { KerasTensor } from '../layers/layer.js';
import { LayerNormalization } from '../layers/layer-normalization.js';
import { LayerScale } from '../layers/layer-scale.js';
import { Normalization } from '../layers/normalization.js';
import { plus } from '../layers/operation.js';
import { channelsOf } from '../layers/sliding-window.js';
import type { Model } from '../models/model.js';
import { Sequential } from '../models/sequential.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import {
  buildApplication,
  checkImageNetClasses,
  type ImageNetOptions,
  type Kernels,
} from './build-application.js';
import { imageNetWeights, kerasFolder } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

export interface ConvNeXtOptions extends ImageNetOptions {
  /** Whether the network normalises levels from 0 to 255 by itself; else it wants what was scaled. Default `true`. */
  includePreprocessing?: boolean;
}

/**
 * ConvNeXtTiny: four stages of 3, 3, 9 and 3 blocks, each a depthwise convolution of 7 × 7 and two dense layers.
 *
 * Input (N, H, W, 3), levels from 0 to 255; output without the top (N, ⌊H/32⌋, ⌊W/32⌋, 768).
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.ConvNeXtTiny; https://arxiv.org/abs/2201.03545.
 */
export function ConvNeXtTiny(options: ConvNeXtOptions = {}): Promise<Model> {
  const { includePreprocessing = true, ...shared } = named(options, 'ConvNeXtTiny');
  const name = 'convnext_tiny';
  return buildApplication(
    {
      ...{ className: 'ConvNeXtTiny', read: ConvNeXtTiny },
      nameOf: () => name,
      published: {
        imagenet: imageNetWeights({
          ...{
            scaling: includePreprocessing ? scalings.none : scalings.torch,
            folder: `${kerasFolder}/convnext`,
          },
          top: [`${name}.h5`, '8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff'],
          noTop: [`${name}_notop.h5`, 'd547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1'],
        }),
      },
      check: (given) =>
        checkImageNetClasses(
          given,
          `If using \`weights="imagenet"\` with \`include_top=True\`, \`classes\` should be 1000. Received classes=${given.classes}`,
        ),
      features(input, draw) {
        const isColour = channelsOf(name, input.shape) === 3;
        return stages(draw, includePreprocessing && isColour ? prepare(input, name) : input, name);
      },
      top(map, { classes, classifierActivation }, draw) {
        const pooled = new GlobalAveragePooling2D({ name: `${name}_head_gap` }).apply(map);
        return new Dense({
          ...{ units: classes, activation: classifierActivation, name: `${name}_head_dense` },
          kernelInitializer: draw(),
        }).apply(normalise(pooled, `${name}_head_layernorm`));
      },
      end: (y) => normalise(y),
    },
    shared,
  );
}

/** ImageNet's mean and deviation, of levels from 0 to 255. */
function prepare(input: KerasTensor, name: string): KerasTensor {
  const levels = (shares: readonly number[]) => shares.map((share) => share * 255);
  return new Normalization({
    mean: levels([0.485, 0.456, 0.406]),
    variance: levels([0.229, 0.224, 0.225]).map((deviation) => deviation ** 2),
    name: `${name}_prestem_normalization`,
  }).apply(input);
}

const layerNorm = (name?: string) => new LayerNormalization({ epsilon: 1e-6, name });
const normalise = (x: KerasTensor, name?: string) => layerNorm(name).apply(x);

/** Blocks and channels of each stage. */
const table = [
  [3, 96],
  [3, 192],
  [9, 384],
  [3, 768],
] as const;

/** (N, H, W, C) → (N, H/32, W/32, 768) */
function stages(draw: Kernels, input: KerasTensor, name: string): KerasTensor {
  const halving = (filters: number, size: number, layerName: string) =>
    new Conv2D({ filters, kernelSize: size, strides: size, kernelInitializer: draw(), name: layerName });
  const stem = new Sequential([halving(96, 4, `${name}_stem_conv`), layerNorm(`${name}_stem_layernorm`)], {
    name: `${name}_stem`,
  });
  const between = table
    .slice(1)
    .map(
      ([, filters], i) =>
        new Sequential(
          [
            layerNorm(`${name}_downsampling_layernorm_${i}`),
            halving(filters, 2, `${name}_downsampling_conv_${i}`),
          ],
          { name: `${name}_downsampling_block_${i}` },
        ),
    );
  let x = input;
  for (const [i, [depth, channels]] of table.entries()) {
    const halved = [stem, ...between][i] ?? stem;
    halved.build(x.shape);
    x = halved.apply(x);
    for (let k = 0; k < depth; k++) x = block(draw, x, channels, `${name}_stage_${i}_block_${k}`);
  }
  return x;
}

/** (N, H, W, C) → (N, H, W, C) */
function block(draw: Kernels, input: KerasTensor, channels: number, name: string): KerasTensor {
  const dense = (units: number, k: 1 | 2) =>
    new Dense({ units, kernelInitializer: draw(), name: `${name}_pointwise_conv_${k}` });
  let x = new Conv2D({
    ...{ filters: channels, kernelSize: 7, padding: 'same', groups: channels },
    ...{ kernelInitializer: draw(), name: `${name}_depthwise_conv` },
  }).apply(input);
  x = dense(4 * channels, 1).apply(normalise(x, `${name}_layernorm`));
  x = dense(channels, 2).apply(new Activation({ activation: 'gelu', name: `${name}_gelu` }).apply(x));
  x = new LayerScale({ initValues: 1e-6, projectionDim: channels, name: `${name}_layer_scale` }).apply(x);
  // Where larger variants leave blocks out while they train.
  return plus(input, new Activation({ activation: 'linear', name: `${name}_identity` }).apply(x));
}

/** Levels as they are, since the network normalises them itself. Source: keras.applications.convnext.preprocess_input. */
export const preprocessInput = preprocessInputOf(scalings.none);
