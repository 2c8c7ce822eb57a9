import type { Scaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import type { KerasTensor } from '../layers/layer.js';
import { MaxPooling2D } from '../layers/pooling2d.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import type { Model } from '../models/model.js';
import { around, Blocks } from './blocks.js';
import { buildApplication, type ImageNetOptions } from './build-application.js';
import { imageNetWeights, type KerasFile, kerasFolder, kernels } from './keras-weights.js';

export interface ResNetBlock {
  readonly name: string;
  readonly filters: number;
  /** Whether the shortcut has a convolution, too. */
  readonly isFirst: boolean;
  readonly strides: 1 | 2;
}

export interface ResNetVariant {
  readonly className: string;
  readonly name: string;
  readonly read: (options: ImageNetOptions) => Promise<Model>;
  /** Blocks in each of the four stages. */
  readonly depths: readonly number[];
  /** (N, H, W, C) → (N, H/strides, W/strides, 4·filters) */
  readonly block: (net: Blocks, x: KerasTensor, block: ResNetBlock) => KerasTensor;
  /** The stages whose first or last block halves height and width. */
  readonly halving: { readonly stages: readonly number[]; readonly block: 'first' | 'last' };
  /** Whether normalisation and activation come before convolutions, as in the second version. */
  readonly isPreactivated: boolean;
  readonly scaling: Scaling;
  /** MD5 of Keras's files with and without the top. */
  readonly hashes: readonly [top: string, noTop: string];
}

/** A residual network: a convolution and a pooling, four stages of blocks, one dense layer. */
export function resNet(options: ImageNetOptions, variant: ResNetVariant): Promise<Model> {
  const { className, name, read, isPreactivated, scaling, hashes } = variant;
  const file = (suffix: string, md5: string): KerasFile => [`${kernels(name)}${suffix}.h5`, md5];
  return buildApplication(
    {
      ...{ className, read, namesPooling: true },
      nameOf: () => name,
      published: {
        imagenet: imageNetWeights({
          ...{ scaling, folder: `${kerasFolder}/resnet` },
          top: file('', hashes[0]),
          noTop: file('_notop', hashes[1]),
        }),
      },
      features(input, draw) {
        const net = new Blocks(draw, { axis: 3, epsilon: 1.001e-5 });
        let x = new ZeroPadding2D({ padding: around(3), name: 'conv1_pad' }).apply(input);
        x = net.conv(x, { filters: 64, kernelSize: 7, strides: 2, name: 'conv1_conv' });
        if (!isPreactivated) x = net.activate(net.normalise(x, 'conv1_bn'), 'conv1_relu');
        x = new ZeroPadding2D({ padding: around(1), name: 'pool1_pad' }).apply(x);
        x = new MaxPooling2D({ poolSize: 3, strides: 2, name: 'pool1_pool' }).apply(x);
        x = writeStages(net, x, variant);
        return isPreactivated ? net.activate(net.normalise(x, 'post_bn'), 'post_relu') : x;
      },
      top: (map, given, draw) => new Blocks(draw).classify(map, { ...given, poolName: 'avg_pool' }),
    },
    named(options, className),
  );
}

function writeStages(
  net: Blocks,
  input: KerasTensor,
  { depths, block, halving }: ResNetVariant,
): KerasTensor {
  let x = input;
  for (const [i, filters] of widths.entries()) {
    const depth = depths[i] ?? 0;
    const halves = halving.stages.includes(i) ? (halving.block === 'first' ? 1 : depth) : undefined;
    for (let k = 1; k <= depth; k++)
      x = block(net, x, {
        ...{ filters, name: `conv${i + 2}_block${k}` },
        ...{ isFirst: k === 1, strides: k === halves ? 2 : 1 },
      });
  }
  return x;
}

/** Channels within the blocks of each stage; four times as many come out. */
const widths = [64, 128, 256, 512];
