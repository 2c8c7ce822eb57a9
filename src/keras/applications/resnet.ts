import { caffeScaling } from '../../graph/preprocessing.js';
import { Add } from '../layers/add.js';
import type { KerasTensor } from '../layers/layer.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import type { Blocks } from './blocks.js';
import type { ImageNetOptions } from './build-application.js';
import { type ResNetBlock, resNet } from './build-resnet.js';

export { decodePredictions } from './decode-predictions.js';

/**
 * ResNet50: 16 residual blocks of three convolutions.
 *
 * Input (N, H, W, 3), scaled by `preprocessInput`; output without the top (N, ⌈H/32⌉, ⌈W/32⌉, 2048).
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.ResNet50; https://arxiv.org/abs/1512.03385.
 */
export const ResNet50 = (options: ImageNetOptions = {}): Promise<Model> =>
  resNet(options, {
    ...{ className: 'ResNet50', name: 'resnet50', read: ResNet50, ...firstVersion },
    depths: [3, 4, 6, 3],
    hashes: ['2cb95161c43110f7111970584f804107', '4d473c1dd8becc155b73f8504c6f6626'],
  });

/** ResNet101: as ResNet50, with 23 blocks in the third stage. Source: keras.applications.ResNet101. */
export const ResNet101 = (options: ImageNetOptions = {}): Promise<Model> =>
  resNet(options, {
    ...{ className: 'ResNet101', name: 'resnet101', read: ResNet101, ...firstVersion },
    depths: [3, 4, 23, 3],
    hashes: ['f1aeb4b969a6efcfb50fad2f0c20cfc5', '88cf7a10940856eca736dc7b7e228a21'],
  });

/** ResNet152: as ResNet50, with 8 and 36 blocks in the second and the third stage. Source: keras.applications.ResNet152. */
export const ResNet152 = (options: ImageNetOptions = {}): Promise<Model> =>
  resNet(options, {
    ...{ className: 'ResNet152', name: 'resnet152', read: ResNet152, ...firstVersion },
    depths: [3, 8, 36, 3],
    hashes: ['100835be76be38e30d865e96f2aaae62', 'ee4c566cf9a93f14d82f913c2dc6dd0c'],
  });

const firstVersion = {
  ...{ isPreactivated: false, scaling: caffeScaling, block },
  halving: { stages: [1, 2, 3], block: 'first' },
} as const;

/** (N, H, W, C) → (N, H/strides, W/strides, 4·filters) */
function block(net: Blocks, x: KerasTensor, { name, filters, isFirst, strides }: ResNetBlock): KerasTensor {
  const shortcut = isFirst
    ? net.normalise(
        net.conv(x, { filters: 4 * filters, kernelSize: 1, strides, name: `${name}_0_conv` }),
        `${name}_0_bn`,
      )
    : x;
  let y = net.conv(x, { filters, kernelSize: 1, strides, name: `${name}_1_conv` });
  y = net.activate(net.normalise(y, `${name}_1_bn`), `${name}_1_relu`);
  y = net.conv(y, { filters, kernelSize: 3, padding: 'same', name: `${name}_2_conv` });
  y = net.activate(net.normalise(y, `${name}_2_bn`), `${name}_2_relu`);
  y = net.conv(y, { filters: 4 * filters, kernelSize: 1, name: `${name}_3_conv` });
  y = net.normalise(y, `${name}_3_bn`);
  return net.activate(new Add({ name: `${name}_add` }).apply([shortcut, y]), `${name}_out`);
}

/** Turns levels from 0 to 255 to BGR less ImageNet's mean. Source: keras.applications.resnet.preprocess_input. */
export const preprocessInput = preprocessInputOf(caffeScaling);
