import { tfScaling } from '../../graph/preprocessing.js';
import { Add } from '../layers/add.js';
import type { KerasTensor } from '../layers/layer.js';
import { MaxPooling2D } from '../layers/pooling2d.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { around, type Blocks } from './blocks.js';
import type { ImageNetOptions } from './build-application.js';
import { type ResNetBlock, resNet } from './build-resnet.js';

export { decodePredictions } from './decode-predictions.js';

/**
 * ResNet50V2: ResNet50 with normalisation and activation before each convolution.
 *
 * Input (N, H, W, 3), scaled by `preprocessInput`; output without the top (N, ⌈H/32⌉, ⌈W/32⌉, 2048).
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.ResNet50V2; https://arxiv.org/abs/1603.05027.
 */
export const ResNet50V2 = (options: ImageNetOptions = {}): Promise<Model> =>
  resNet(options, {
    ...{ className: 'ResNet50V2', name: 'resnet50v2', read: ResNet50V2, ...secondVersion },
    depths: [3, 4, 6, 3],
    hashes: ['3ef43a0b657b3be2300d5770ece849e0', 'fac2f116257151a9d068a22e544a4917'],
  });

/** ResNet101V2: as ResNet50V2, with 23 blocks in the third stage. Source: keras.applications.ResNet101V2. */
export const ResNet101V2 = (options: ImageNetOptions = {}): Promise<Model> =>
  resNet(options, {
    ...{ className: 'ResNet101V2', name: 'resnet101v2', read: ResNet101V2, ...secondVersion },
    depths: [3, 4, 23, 3],
    hashes: ['6343647c601c52e1368623803854d971', 'c0ed64b8031c3730f411d2eb4eea35b5'],
  });

/**
 * ResNet152V2: as ResNet50V2, with 8 and 36 blocks in the second and the third stage. Source:
 * keras.applications.ResNet152V2.
 */
export const ResNet152V2 = (options: ImageNetOptions = {}): Promise<Model> =>
  resNet(options, {
    ...{ className: 'ResNet152V2', name: 'resnet152v2', read: ResNet152V2, ...secondVersion },
    depths: [3, 8, 36, 3],
    hashes: ['a49b44d1979771252814e80f8ec446f9', 'ed17cf2e0169df9d443503ef94b23b33'],
  });

const secondVersion = {
  ...{ isPreactivated: true, scaling: tfScaling, block },
  halving: { stages: [0, 1, 2], block: 'last' },
} as const;

/** (N, H, W, C) → (N, H/strides, W/strides, 4·filters) */
function block(net: Blocks, x: KerasTensor, { name, filters, isFirst, strides }: ResNetBlock): KerasTensor {
  const active = net.activate(net.normalise(x, `${name}_preact_bn`), `${name}_preact_relu`);
  const shortcut = isFirst
    ? net.conv(active, { filters: 4 * filters, kernelSize: 1, strides, name: `${name}_0_conv` })
    : strides > 1
      ? new MaxPooling2D({ poolSize: 1, strides }).apply(x)
      : x;
  let y = net.conv(active, { filters, kernelSize: 1, strides: 1, useBias: false, name: `${name}_1_conv` });
  y = net.activate(net.normalise(y, `${name}_1_bn`), `${name}_1_relu`);
  y = new ZeroPadding2D({ padding: around(1), name: `${name}_2_pad` }).apply(y);
  y = net.conv(y, { filters, kernelSize: 3, strides, useBias: false, name: `${name}_2_conv` });
  y = net.activate(net.normalise(y, `${name}_2_bn`), `${name}_2_relu`);
  y = net.conv(y, { filters: 4 * filters, kernelSize: 1, name: `${name}_3_conv` });
  return new Add({ name: `${name}_out` }).apply([shortcut, y]);
}

/** Scales levels from 0 to 255 to [−1, 1]. Source: keras.applications.resnet_v2.preprocess_input. */
export const preprocessInput = preprocessInputOf(tfScaling);
