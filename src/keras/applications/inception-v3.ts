import { tfScaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import { Concatenate } from '../layers/concatenate.js';
import type { KerasTensor } from '../layers/layer.js';
import { AveragePooling2D, MaxPooling2D } from '../layers/pooling2d.js';
import type { Pair } from '../layers/sliding-window.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { Blocks } from './blocks.js';
import { buildApplication, type ImageNetOptions } from './build-application.js';
import { imageNetWeights, kerasFolder, kernels } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

/**
 * InceptionV3: eleven blocks, each of branches whose maps are put one after the other.
 *
 * Input (N, H, W, 3) of 75 × 75 at least, scaled by `preprocessInput`; output without the top (N, h, w, 2048), 8 × 8 of
 * 299 × 299.
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.InceptionV3; https://arxiv.org/abs/1512.00567.
 */
export const InceptionV3 = (options: ImageNetOptions = {}): Promise<Model> =>
  buildApplication(
    {
      ...{ className: 'InceptionV3', read: InceptionV3, defaultSize: 299, minSize: 75 },
      nameOf: () => 'inception_v3',
      published: {
        imagenet: imageNetWeights({
          ...{ scaling: tfScaling, folder: `${kerasFolder}/inception_v3` },
          top: [`${kernels('inception_v3')}.h5`, '9a0d58056eeedaa3f26cb7ebd46da564'],
          noTop: [`${kernels('inception_v3')}_notop.h5`, 'bcbd6486424b2319ff4ef7d526e38f63'],
        }),
      },
      features: (input, draw) => inception(new Blocks(draw, { axis: 3, scale: false }), input),
      top: (map, given, draw) => new Blocks(draw).classify(map, { ...given, poolName: 'avg_pool' }),
    },
    named(options, 'InceptionV3'),
  );

/** One convolution of a branch: its filters, and the height and width of its kernel. */
type Step = readonly [filters: number, kernelSize: Pair, strides?: 1 | 2];

/** Rows of a branch by themselves, then its columns. */
const row = [1, 7] as const;
const column = [7, 1] as const;
const one = [1, 1] as const;
const three = [3, 3] as const;

/** (N, H, W, C) → (N, h, w, 2048) */
function inception(net: Blocks, input: KerasTensor): KerasTensor {
  /** Convolution, normalisation, activation. With strides, and at the start, windows stay inside of the image. */
  const conv = (x: KerasTensor, [filters, kernelSize, strides = 1]: Step, padding = 'same') => {
    const inside = strides > 1 ? 'valid' : padding;
    const options = { filters, kernelSize, strides, padding: inside, useBias: false };
    return net.activate(net.normalise(net.conv(x, options)));
  };
  const branch = (x: KerasTensor, ...steps: Step[]) => steps.reduce((y, step) => conv(y, step), x);
  const join = (maps: readonly KerasTensor[], name?: string) =>
    new Concatenate({ axis: 3, name }).apply(maps);
  const halve = (x: KerasTensor) => new MaxPooling2D({ poolSize: 3, strides: 2 }).apply(x);
  const pooled = (x: KerasTensor, filters: number) =>
    conv(new AveragePooling2D({ poolSize: 3, strides: 1, padding: 'same' }).apply(x), [filters, one]);

  let x = conv(input, [32, three, 2]);
  x = conv(conv(x, [32, three], 'valid'), [64, three]);
  x = halve(x);
  x = conv(conv(x, [80, one], 'valid'), [192, three], 'valid');
  x = halve(x);

  // 35 × 35
  for (const [i, filters] of [32, 64, 64].entries()) {
    const branches = [
      branch(x, [64, one]),
      branch(x, [48, one], [64, [5, 5]]),
      branch(x, [64, one], [96, three], [96, three]),
      pooled(x, filters),
    ];
    x = join(branches, `mixed${i}`);
  }
  x = join(
    [branch(x, [384, three, 2]), branch(x, [64, one], [96, three], [96, three, 2]), halve(x)],
    'mixed3',
  );

  // 17 × 17
  for (const [i, n] of [128, 160, 160, 192].entries()) {
    const branches = [
      branch(x, [192, one]),
      branch(x, [n, one], [n, row], [192, column]),
      branch(x, [n, one], [n, column], [n, row], [n, column], [192, row]),
      pooled(x, 192),
    ];
    x = join(branches, `mixed${i + 4}`);
  }
  const narrowed = [
    branch(x, [192, one], [320, three, 2]),
    branch(x, [192, one], [192, row], [192, column], [192, three, 2]),
    halve(x),
  ];
  x = join(narrowed, 'mixed8');

  // 8 × 8
  for (const i of [0, 1]) {
    const single = branch(x, [320, one]);
    const wide = branch(x, [384, one]);
    const first = join([conv(wide, [384, [1, 3]]), conv(wide, [384, [3, 1]])], `mixed9_${i}`);
    const deep = branch(x, [448, one], [384, three]);
    const second = join([conv(deep, [384, [1, 3]]), conv(deep, [384, [3, 1]])]);
    x = join([single, first, second, pooled(x, 192)], `mixed${9 + i}`);
  }
  return x;
}

/** Scales levels from 0 to 255 to [−1, 1]. Source: keras.applications.inception_v3.preprocess_input. */
export const preprocessInput = preprocessInputOf(tfScaling);
