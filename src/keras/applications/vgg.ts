import { caffeScaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import { Dense } from '../layers/dense.js';
import { Flatten } from '../layers/flatten.js';
import type { KerasTensor } from '../layers/layer.js';
import { MaxPooling2D } from '../layers/pooling2d.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { Blocks } from './blocks.js';
import { buildApplication, type ImageNetOptions } from './build-application.js';
import { imageNetWeights, type KerasFile, kerasFolder, kernels } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

interface Variant {
  readonly className: string;
  readonly name: string;
  readonly read: (options: ImageNetOptions) => Promise<Model>;
  /** Convolutions in each of the five blocks: the paper's columns D and E. */
  readonly depths: readonly number[];
  /** Keras's files with and without the top. */
  readonly hashes: readonly [top: string, noTop: string];
}

/**
 * VGG16: blocks of 2, 2, 3, 3 and 3 convolutions, each with a pooling behind it.
 *
 * Input (N, H, W, 3), scaled by `preprocessInput`; output without the top (N, ⌊H/32⌋, ⌊W/32⌋, 512). The weights with the
 * top are 528 MB, without it 56 MB.
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.VGG16; https://arxiv.org/abs/1409.1556.
 */
export const VGG16 = (options: ImageNetOptions = {}): Promise<Model> =>
  vgg(options, {
    ...{ className: 'VGG16', name: 'vgg16', read: VGG16 },
    depths: [2, 2, 3, 3, 3],
    hashes: ['64373286793e3c8b2b4e3219cbf3544b', '6d6bbae143d832006294945121d1f1fc'],
  });

/** VGG19: as VGG16, with 4 convolutions in each of the last three blocks. Source: keras.applications.VGG19. */
export const VGG19 = (options: ImageNetOptions = {}): Promise<Model> =>
  vgg(options, {
    ...{ className: 'VGG19', name: 'vgg19', read: VGG19 },
    depths: [2, 2, 4, 4, 4],
    hashes: ['cbe5617147190e668d6c5d5026f83318', '253f8cb515780f3b799900260a226db6'],
  });

function vgg(options: ImageNetOptions, { className, name, read, depths, hashes }: Variant): Promise<Model> {
  const file = (suffix: string, md5: string): KerasFile => [`${kernels(name)}${suffix}.h5`, md5];
  return buildApplication(
    {
      ...{ className, read },
      nameOf: () => name,
      published: {
        imagenet: imageNetWeights({
          scaling: caffeScaling,
          folder: `${kerasFolder}/${name}`,
          top: file('', hashes[0]),
          noTop: file('_notop', hashes[1]),
        }),
      },
      features: (input, draw) => convolutions(new Blocks(draw), input, depths),
      top(map, { classes, classifierActivation }, draw) {
        const dense = (
          x: KerasTensor,
          units: number,
          activation: typeof classifierActivation,
          name: string,
        ) => new Dense({ units, activation, name, kernelInitializer: draw() }).apply(x);
        const flat = new Flatten({ name: 'flatten' }).apply(map);
        const features = dense(dense(flat, 4096, 'relu', 'fc1'), 4096, 'relu', 'fc2');
        return dense(features, classes, classifierActivation, 'predictions');
      },
    },
    named(options, className),
  );
}

/** Channels of the five blocks. */
const widths = [64, 128, 256, 512, 512];

/** (N, H, W, C) → (N, H/32, W/32, 512) */
function convolutions(net: Blocks, input: KerasTensor, depths: readonly number[]): KerasTensor {
  let x = input;
  for (const [i, filters] of widths.entries()) {
    for (let k = 1; k <= (depths[i] ?? 0); k++)
      x = net.conv(x, {
        ...{ filters, kernelSize: 3, padding: 'same', activation: 'relu' },
        name: `block${i + 1}_conv${k}`,
      });
    x = new MaxPooling2D({ poolSize: 2, strides: 2, name: `block${i + 1}_pool` }).apply(x);
  }
  return x;
}

/** Turns levels from 0 to 255 to BGR less ImageNet's mean. Source: keras.applications.vgg16.preprocess_input. */
export const preprocessInput = preprocessInputOf(caffeScaling);
