import { tfScaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import { Add } from '../layers/add.js';
import type { KerasTensor } from '../layers/layer.js';
import { MaxPooling2D } from '../layers/pooling2d.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { Blocks } from './blocks.js';
import { buildApplication, type ImageNetOptions } from './build-application.js';
import { imageNetWeights, kerasFolder, kernels } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

/**
 * Xception: 14 blocks, of separable convolutions from the second on.
 *
 * Input (N, H, W, 3) of 71 × 71 at least, scaled by `preprocessInput`; output without the top (N, h, w, 2048), 10 × 10 of
 * 299 × 299.
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.Xception; https://arxiv.org/abs/1610.02357.
 */
export const Xception = (options: ImageNetOptions = {}): Promise<Model> =>
  buildApplication(
    {
      ...{ className: 'Xception', read: Xception, defaultSize: 299, minSize: 71 },
      nameOf: () => 'xception',
      published: {
        imagenet: imageNetWeights({
          ...{ scaling: tfScaling, folder: `${kerasFolder}/xception` },
          top: [`${kernels('xception')}.h5`, '0a58e3b7378bc2990ea3b43d5981f1f6'],
          noTop: [`${kernels('xception')}_notop.h5`, 'b0042744bf5b25fce3cb969f33bebb97'],
        }),
      },
      features: (input, draw) => blocks(new Blocks(draw), input),
      top: (map, given, draw) => new Blocks(draw).classify(map, { ...given, poolName: 'avg_pool' }),
    },
    named(options, 'Xception'),
  );

/** (N, H, W, C) → (N, h, w, 2048) */
function blocks(net: Blocks, input: KerasTensor): KerasTensor {
  const conv = (x: KerasTensor, filters: number, strides: number, name: string) => {
    const own = { filters, kernelSize: 3, strides, useBias: false, name };
    return net.activate(net.normalise(net.conv(x, own), `${name}_bn`), `${name}_act`);
  };
  const separable = (x: KerasTensor, filters: number, name: string) => {
    const own = { filters, kernelSize: 3, padding: 'same', useBias: false, name };
    return net.normalise(net.separable(x, own), `${name}_bn`);
  };
  const activate = (x: KerasTensor, name: string) => net.activate(x, `${name}_act`);
  /** A block that halves height and width, its shortcut a convolution. */
  const halving = (x: KerasTensor, widths: readonly [number, number], name: string, isFirst = false) => {
    const [first, second] = widths;
    const options = { filters: second, kernelSize: 1, strides: 2, padding: 'same', useBias: false };
    const shortcut = net.normalise(net.conv(x, options));
    let y = isFirst ? x : activate(x, `${name}_sepconv1`);
    y = separable(y, first, `${name}_sepconv1`);
    y = separable(activate(y, `${name}_sepconv2`), second, `${name}_sepconv2`);
    y = new MaxPooling2D({ poolSize: 3, strides: 2, padding: 'same', name: `${name}_pool` }).apply(y);
    return new Add().apply([y, shortcut]);
  };

  let x = conv(input, 32, 2, 'block1_conv1');
  x = conv(x, 64, 1, 'block1_conv2');
  x = halving(x, [128, 128], 'block2', true);
  x = halving(x, [256, 256], 'block3');
  x = halving(x, [728, 728], 'block4');
  for (let i = 5; i <= 12; i++) {
    let y = x;
    for (const k of [1, 2, 3]) {
      const name = `block${i}_sepconv${k}`;
      y = separable(activate(y, name), 728, name);
    }
    x = new Add().apply([y, x]);
  }
  x = halving(x, [728, 1024], 'block13');
  x = activate(separable(x, 1536, 'block14_sepconv1'), 'block14_sepconv1');
  return activate(separable(x, 2048, 'block14_sepconv2'), 'block14_sepconv2');
}

/** Scales levels from 0 to 255 to [−1, 1]. Source: keras.applications.xception.preprocess_input. */
export const preprocessInput = preprocessInputOf(tfScaling);
