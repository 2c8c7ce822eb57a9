import { scalings } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import type { KerasTensor } from '../layers/layer.js';
import { Normalization } from '../layers/normalization.js';
import { Rescaling } from '../layers/rescaling.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { Blocks, makeDivisible, paddingBefore } from './blocks.js';
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
import { imageNetWeights } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

interface Variant {
  readonly className: string;
  readonly name: string;
  readonly read: (options: ImageNetOptions) => Promise<Model>;
  /** Factors of channels and of blocks. */
  readonly width: number;
  readonly depth: number;
  /** Height and width of the pictures that the weights were trained on. */
  readonly size: number;
  /** Share of the features that training drops before the last layer. */
  readonly dropout: number;
  /** MD5 of Keras's files with and without the top. */
  readonly hashes: readonly [top: string, noTop: string];
}

/**
 * EfficientNetB0: 16 inverted residual blocks, each of which weighs its channels.
 *
 * Input (N, H, W, 3), levels from 0 to 255, which the network scales by itself; output without the top
 * (N, ⌈H/32⌉, ⌈W/32⌉, 1280).
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.EfficientNetB0; https://arxiv.org/abs/1905.11946.
 */
export const EfficientNetB0 = (options: ImageNetOptions = {}): Promise<Model> =>
  efficientNet(options, {
    ...{ className: 'EfficientNetB0', name: 'efficientnetb0', read: EfficientNetB0 },
    ...{ width: 1, depth: 1, size: 224, dropout: 0.2 },
    hashes: ['902e53a9f72be733fc0bcb005b3ebbac', '50bc09e76180e00e4465e1a485ddc09d'],
  });

/** EfficientNetB1: B0 with 1.1 times the blocks, for 240 × 240. Source: keras.applications.EfficientNetB1. */
export const EfficientNetB1 = (options: ImageNetOptions = {}): Promise<Model> =>
  efficientNet(options, {
    ...{ className: 'EfficientNetB1', name: 'efficientnetb1', read: EfficientNetB1 },
    ...{ width: 1, depth: 1.1, size: 240, dropout: 0.2 },
    hashes: ['1d254153d4ab51201f1646940f018540', '74c4e6b3e1f6a1eea24c589628592432'],
  });

/** EfficientNetB2: 1.1 times the channels, 1.2 times the blocks, for 260 × 260. Source: keras.applications.EfficientNetB2. */
export const EfficientNetB2 = (options: ImageNetOptions = {}): Promise<Model> =>
  efficientNet(options, {
    ...{ className: 'EfficientNetB2', name: 'efficientnetb2', read: EfficientNetB2 },
    ...{ width: 1.1, depth: 1.2, size: 260, dropout: 0.3 },
    hashes: ['b15cce36ff4dcbd00b6dd88e7857a6ad', '111f8e2ac8aa800a7a99e3239f7bfb39'],
  });

/** EfficientNetB3: 1.2 times the channels, 1.4 times the blocks, for 300 × 300. Source: keras.applications.EfficientNetB3. */
export const EfficientNetB3 = (options: ImageNetOptions = {}): Promise<Model> =>
  efficientNet(options, {
    ...{ className: 'EfficientNetB3', name: 'efficientnetb3', read: EfficientNetB3 },
    ...{ width: 1.2, depth: 1.4, size: 300, dropout: 0.3 },
    hashes: ['ffd1fdc53d0ce67064dc6a9c7960ede0', 'af6d107764bb5b1abb91932881670226'],
  });

function efficientNet(options: ImageNetOptions, variant: Variant): Promise<Model> {
  const { className, name, read, size, dropout, hashes } = variant;
  return buildApplication(
    {
      ...{ className, read, namesPooling: true, defaultSize: size },
      nameOf: () => name,
      published: {
        imagenet: imageNetWeights({
          ...{ scaling: scalings.none, folder: 'https://storage.googleapis.com/keras-applications' },
          top: [`${name}.h5`, hashes[0]],
          noTop: [`${name}_notop.h5`, hashes[1]],
        }),
      },
      check: (given) =>
        checkImageNetClasses(
          given,
          'If using `weights="imagenet"` with `include_top` as true, `classes` should be 1000',
        ),
      features(input, draw, { weights }) {
        const net = new Blocks((initializer = kernelInitializer) => draw(initializer), { axis: 3 });
        return stages(net, prepare(input, weights === 'imagenet'), variant);
      },
      top: (map, given, draw) => classifyFeatures(new Blocks(draw), map, given, { rate: dropout }),
    },
    named(options, className),
  );
}

/** Levels from 0 to 255 as the blocks want them. ImageNet's weights lack the last factor, which they were trained with. */
function prepare(input: KerasTensor, isImageNet: boolean): KerasTensor {
  const x = new Normalization({ axis: 3 }).apply(new Rescaling({ scale: 1 / 255 }).apply(input));
  if (!isImageNet) return x;
  return new Rescaling({ scale: [0.229, 0.224, 0.225].map((deviation) => 1 / Math.sqrt(deviation)) }).apply(
    x,
  );
}

/** The table of B0: size of the kernel, blocks, output channels, expansion, strides. */
const table: readonly (readonly [
  kernelSize: number,
  repeats: number,
  filters: number,
  expansion: number,
  strides: 1 | 2,
])[] = [
  [3, 1, 16, 1, 1],
  [3, 2, 24, 6, 2],
  [5, 2, 40, 6, 2],
  [3, 3, 80, 6, 2],
  [5, 3, 112, 6, 1],
  [5, 4, 192, 6, 2],
  [3, 1, 320, 6, 1],
];

/** (N, H, W, C) → (N, H/32, W/32, 1280·width) */
function stages(net: Blocks, input: KerasTensor, { width, depth }: Variant): KerasTensor {
  const activate = (x: KerasTensor, name: string) =>
    net.activate(net.normalise(x, `${name}_bn`), `${name}_activation`, 'silu');
  const filtersOf = (filters: number) => makeDivisible(filters * width);
  const depths = table.map(([, repeats]) => Math.ceil(depth * repeats));
  const total = depths.reduce((sum, repeats) => sum + repeats);

  let x = new ZeroPadding2D({ padding: paddingBefore(input, 3), name: 'stem_conv_pad' }).apply(input);
  x = net.conv(x, { filters: filtersOf(32), kernelSize: 3, strides: 2, useBias: false, name: 'stem_conv' });
  x = activate(x, 'stem');
  let done = 0;
  let inputFilters = filtersOf(32);
  for (const [i, [kernelSize, , outputs, expansion, firstStrides]] of table.entries())
    for (let k = 0; k < (depths[i] ?? 0); k++) {
      const filters = filtersOf(outputs);
      const strides = k === 0 ? firstStrides : 1;
      const prefix = `block${i + 1}${String.fromCharCode(97 + k)}_`;
      x = block(net, x, {
        prefix,
        kernelSize,
        inputFilters,
        filters,
        expansion,
        strides,
        drop: (0.2 * done) / total,
      });
      inputFilters = filters;
      done += 1;
    }
  const last = { filters: filtersOf(1280), kernelSize: 1, padding: 'same', useBias: false, name: 'top_conv' };
  return activate(net.conv(x, last), 'top');
}

/** (N, H, W, inputFilters) → (N, H/strides, W/strides, filters) */
function block(net: Blocks, input: KerasTensor, options: EfficientBlock): KerasTensor {
  const { prefix, kernelSize, strides, inputFilters } = options;
  let x = options.expansion === 1 ? input : expand(net, input, options);
  if (strides === 2)
    x = new ZeroPadding2D({ padding: paddingBefore(x, kernelSize), name: `${prefix}dwconv_pad` }).apply(x);
  const padding = strides === 2 ? 'valid' : 'same';
  x = net.depthwise(x, { kernelSize, strides, padding, useBias: false, name: `${prefix}dwconv` });
  x = net.activate(net.normalise(x, `${prefix}bn`), `${prefix}activation`, 'silu');
  x = squeezeAndExcite(net, x, prefix, Math.max(1, Math.floor(inputFilters / 4)));
  return addInput(input, project(net, x, options), options);
}

/** Levels as they are, since the network scales them itself. Source: keras.applications.efficientnet.preprocess_input. */
export const preprocessInput = preprocessInputOf(scalings.none);
