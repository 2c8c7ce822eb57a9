import { type Scaling, scalings } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import { Constant } from '../initializers.js';
import type { KerasTensor } from '../layers/layer.js';
import { Normalization } from '../layers/normalization.js';
import { Rescaling } from '../layers/rescaling.js';
import { channelsOf } from '../layers/sliding-window.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { Blocks } from './blocks.js';
import { buildApplication, checkImageNetClasses, type ImageNetOptions } from './build-application.js';
import {
  addInput,
  classifyFeatures,
  type EfficientBlock,
  expand,
  kernelInitializer,
  project,
  squeezeAndExcite,
} from './efficient-blocks.js';
import { imageNetWeights, kerasFolder } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

export interface EfficientNetV2Options extends ImageNetOptions {
  /** Whether the network scales levels from 0 to 255 by itself; else it wants what was scaled. Default `true`. */
  includePreprocessing?: boolean;
}

/**
 * EfficientNetV2B0: 21 blocks, of which the first five convolve in one where EfficientNet does in two steps.
 *
 * Input (N, H, W, 3), levels from 0 to 255; output without the top (N, ⌈H/32⌉, ⌈W/32⌉, 1280).
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.EfficientNetV2B0; https://arxiv.org/abs/2104.00298.
 */
export function EfficientNetV2B0(options: EfficientNetV2Options = {}): Promise<Model> {
  const { includePreprocessing = true, ...shared } = named(options, 'EfficientNetV2B0');
  const name = 'efficientnetv2-b0';
  return buildApplication(
    {
      ...{ className: 'EfficientNetV2B0', read: EfficientNetV2B0, namesPooling: true },
      nameOf: () => name,
      published: {
        imagenet: imageNetWeights({
          ...{ scaling: includePreprocessing ? scalings.none : normalised },
          folder: `${kerasFolder}/efficientnet_v2`,
          top: [`${name}.h5`, '21ecbf6da12460d5c40bb2f29ceb2188'],
          noTop: [`${name}_notop.h5`, '893217f2bb855e2983157299931e43ff'],
        }),
      },
      check: (given) =>
        checkImageNetClasses(
          given,
          'If using `weights="imagenet"` with `include_top` as true, `classes` should be 1000',
        ),
      features(input, draw) {
        const net = new Blocks((initializer = kernelInitializer) => draw(initializer), {
          axis: 3,
          momentum: 0.9,
        });
        return stages(net, includePreprocessing ? prepare(input) : input);
      },
      top: (map, given, draw) =>
        classifyFeatures(new Blocks(draw), map, given, {
          rate: 0.2,
          biasInitializer: Constant({ value: 0 }),
        }),
    },
    shared,
  );
}

/** What the weights want where the network does not scale by itself. */
const normalised: Scaling = scalings.torch;

/** Levels from 0 to 255 as the blocks want them. */
function prepare(input: KerasTensor): KerasTensor {
  if (channelsOf('rescaling', input.shape) !== 3)
    return new Rescaling({ scale: 1 / 128, offset: -1 }).apply(input);
  const variance = [0.229 ** 2, 0.224 ** 2, 0.225 ** 2];
  const x = new Rescaling({ scale: 1 / 255 }).apply(input);
  return new Normalization({ axis: 3, mean: [0.485, 0.456, 0.406], variance }).apply(x);
}

/** The table: whether expansion and depthwise convolution are one; blocks, output channels, expansion, strides. */
const table: readonly (readonly [
  isFused: boolean,
  repeats: number,
  filters: number,
  expansion: number,
  strides: 1 | 2,
])[] = [
  [true, 1, 16, 1, 1],
  [true, 2, 32, 4, 2],
  [true, 2, 48, 4, 2],
  [false, 3, 96, 4, 2],
  [false, 5, 112, 6, 1],
  [false, 8, 192, 6, 2],
];

/** (N, H, W, C) → (N, H/32, W/32, 1280) */
function stages(net: Blocks, input: KerasTensor): KerasTensor {
  const activate = (x: KerasTensor, name: string) =>
    net.activate(net.normalise(x, `${name}_bn`), `${name}_activation`, 'silu');
  const same = { padding: 'same', useBias: false };
  let x = net.conv(input, { ...same, filters: 32, kernelSize: 3, strides: 2, name: 'stem_conv' });
  x = activate(x, 'stem');
  const total = table.reduce((sum, [, repeats]) => sum + repeats, 0);
  let done = 0;
  let inputFilters = 32;
  for (const [i, [isFused, repeats, filters, expansion, firstStrides]] of table.entries())
    for (let k = 0; k < repeats; k++) {
      const block = isFused ? fused : plain;
      x = block(net, x, {
        ...{ prefix: `block${i + 1}${String.fromCharCode(97 + k)}_`, kernelSize: 3 },
        ...{ inputFilters, filters, expansion },
        ...{ strides: k === 0 ? firstStrides : 1, drop: (0.2 * done) / total },
      });
      inputFilters = filters;
      done += 1;
    }
  return activate(net.conv(x, { ...same, filters: 1280, kernelSize: 1, name: 'top_conv' }), 'top');
}

/** An inverted residual block: (N, H, W, inputFilters) → (N, H/strides, W/strides, filters) */
function plain(net: Blocks, input: KerasTensor, options: EfficientBlock): KerasTensor {
  const { prefix, kernelSize, strides, inputFilters } = options;
  let x = expand(net, input, options);
  x = net.depthwise(x, { kernelSize, strides, padding: 'same', useBias: false, name: `${prefix}dwconv2` });
  x = net.activate(net.normalise(x, `${prefix}bn`), `${prefix}activation`, 'silu');
  x = squeezeAndExcite(net, x, prefix, Math.floor(inputFilters / 4));
  return addInput(input, project(net, x, options), options);
}

/** One that convolves as it expands; without expansion, as it projects. */
function fused(net: Blocks, input: KerasTensor, options: EfficientBlock): KerasTensor {
  const { prefix, kernelSize, strides, expansion } = options;
  const window = { kernelSize, strides };
  if (expansion !== 1)
    return addInput(input, project(net, expand(net, input, options, window), options), options);
  const x = net.activate(project(net, input, options, window), `${prefix}project_activation`, 'silu');
  return addInput(input, x, options);
}

/** Levels as they are, since the network scales them itself. Source: keras.applications.efficientnet_v2.preprocess_input. */
export const preprocessInput = preprocessInputOf(scalings.none);
