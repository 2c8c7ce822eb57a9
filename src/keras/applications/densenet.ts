import { torchScaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import { Concatenate } from '../layers/concatenate.js';
import type { KerasTensor } from '../layers/layer.js';
import { AveragePooling2D, MaxPooling2D } from '../layers/pooling2d.js';
import { channelsOf } from '../layers/sliding-window.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { around, Blocks } from './blocks.js';
import { buildApplication, checkImageNetClasses, type ImageNetOptions } from './build-application.js';
import { imageNetWeights, kerasFolder, kernels } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

/**
 * DenseNet121: four stages of 6, 12, 24 and 16 blocks, each of which reads the maps of all blocks before it.
 *
 * Input (N, H, W, 3), scaled by `preprocessInput`; output without the top (N, ⌊H/32⌋, ⌊W/32⌋, 1024).
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.DenseNet121; https://arxiv.org/abs/1608.06993.
 */
export const DenseNet121 = (options: ImageNetOptions = {}): Promise<Model> =>
  buildApplication(
    {
      ...{ className: 'DenseNet121', read: DenseNet121, namesPooling: true },
      nameOf: () => 'densenet121',
      published: {
        imagenet: imageNetWeights({
          ...{ scaling: torchScaling, folder: `${kerasFolder}/densenet` },
          top: [`${kernels('densenet121')}.h5`, '9d60b8095a5708f2dcce2bca79d332c7'],
          noTop: [`${kernels('densenet121')}_notop.h5`, '30ee3e1110167f948a6b9946edeeb738'],
        }),
      },
      check: (given) =>
        checkImageNetClasses(
          given,
          'If using `weights` as `"imagenet"` with `include_top` as true, `classes` should be 1000',
        ),
      features: (input, draw) => dense(new Blocks(draw, { axis: 3, epsilon: 1.001e-5 }), input),
      top: (map, given, draw) => new Blocks(draw).classify(map, { ...given, poolName: 'avg_pool' }),
    },
    named(options, 'DenseNet121'),
  );

/** Blocks in each of the four stages. */
const depths = [6, 12, 24, 16];
/** Channels that each block adds. */
const growth = 32;

/** (N, H, W, C) → (N, H/32, W/32, 1024) */
function dense(net: Blocks, input: KerasTensor): KerasTensor {
  const activate = (x: KerasTensor, name: string, separator = '_') =>
    net.activate(net.normalise(x, `${name}${separator}bn`), `${name}${separator}relu`);
  const conv = (x: KerasTensor, filters: number, kernelSize: 1 | 3, name: string) =>
    net.conv(x, { filters, kernelSize, padding: kernelSize === 3 ? 'same' : 'valid', useBias: false, name });

  let x = new ZeroPadding2D({ padding: around(3) }).apply(input);
  x = net.conv(x, { filters: 64, kernelSize: 7, strides: 2, useBias: false, name: 'conv1_conv' });
  x = activate(x, 'conv1');
  x = new ZeroPadding2D({ padding: around(1) }).apply(x);
  x = new MaxPooling2D({ poolSize: 3, strides: 2, name: 'pool1' }).apply(x);
  for (const [i, depth] of depths.entries()) {
    for (let k = 1; k <= depth; k++) {
      const name = `conv${i + 2}_block${k}`;
      let y = conv(activate(x, `${name}_0`), 4 * growth, 1, `${name}_1_conv`);
      y = conv(activate(y, `${name}_1`), growth, 3, `${name}_2_conv`);
      x = new Concatenate({ axis: 3, name: `${name}_concat` }).apply([x, y]);
    }
    if (i === 3) break;
    const name = `pool${i + 2}`;
    x = conv(activate(x, name), channelsOf(name, x.shape) / 2, 1, `${name}_conv`);
    x = new AveragePooling2D({ poolSize: 2, strides: 2, name: `${name}_pool` }).apply(x);
  }
  return activate(x, '', '');
}

/** Scales levels from 0 to 255 by ImageNet's mean and deviation. Source: keras.applications.densenet.preprocess_input. */
export const preprocessInput = preprocessInputOf(torchScaling);
