import { ValueError } from '../../errors.js';
import { tfScaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import { HeNormal } from '../initializers.js';
import { Add } from '../layers/add.js';
import { Concatenate } from '../layers/concatenate.js';
import { Cropping2D } from '../layers/cropping2d.js';
import type { KerasTensor } from '../layers/layer.js';
import { AveragePooling2D, MaxPooling2D } from '../layers/pooling2d.js';
import { channelsOf } from '../layers/sliding-window.js';
import { ZeroPadding2D } from '../layers/zero-padding2d.js';
import type { Model } from '../models/model.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { pythonTuple } from '../python/format.js';
import { Blocks, paddingBefore } from './blocks.js';
import { buildApplication, checkImageNetClasses, type ImageNetOptions } from './build-application.js';
import { imageNetWeights } from './keras-weights.js';

export { decodePredictions } from './decode-predictions.js';

/**
 * NASNetMobile: 12 normal and 4 reducing cells, each of which reads the outputs of the two cells before it.
 *
 * Input (N, H, W, 3), 224 × 224 where nothing else is asked for, scaled by `preprocessInput`; output without the top
 * (N, ⌈H/32⌉, ⌈W/32⌉, 1056).
 *
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be had
 * Source: keras.applications.NASNetMobile; https://arxiv.org/abs/1707.07012.
 */
export function NASNetMobile(options: ImageNetOptions = {}): Promise<Model> {
  const { includeTop = true, inputShape = null, ...others } = named(options, 'NASNetMobile');
  return buildApplication(
    {
      ...{ className: 'NASNetMobile', read: NASNetMobile },
      nameOf: () => 'nasnet_mobile',
      published: {
        imagenet: imageNetWeights({
          ...{
            scaling: tfScaling,
            folder: 'https://storage.googleapis.com/tensorflow/keras-applications/nasnet',
          },
          top: ['nasnet_mobile.h5', '020fb642bf7360b370c678b08e0adf61'],
          noTop: ['nasnet_mobile_no_top.h5', '1ed92395b5b598bdda52abe5c0dbfd63'],
          remoteName: (file) => file.replaceAll('_', '-').replace('nasnet', 'NASNet'),
        }),
      },
      check(given) {
        checkImageNetClasses(
          given,
          'If using `weights` as `"imagenet"` with `include_top` as true, `classes` should be 1000',
        );
        if (given.weights === 'imagenet' && given.inputShape?.includes(null))
          throw new ValueError(
            `When specifying the input shape of a NASNet and loading \`ImageNet\` weights, the input_shape argument must be static (no None entries). Got: \`input_shape=${pythonTuple(given.inputShape)}\`.`,
          );
      },
      features: (input, draw) => cells(new Blocks(draw, { momentum: 0.9997 }), input),
      top: (map, given, draw) => new Blocks(draw).classify(map, given),
    },
    { ...others, includeTop, inputShape: inputShape ?? (includeTop ? null : [224, 224, 3]) },
  );
}

/** Channels of the cells, before they are doubled; six times as many come out. */
const filters = 44;
const cellsBetween = 4;

/** What a cell gives the next one: its output, and its input. */
type Maps = readonly [current: KerasTensor, previous: KerasTensor | null];

/** (N, H, W, C) → (N, H/32, W/32, 1056) */
function cells(net: Blocks, input: KerasTensor): KerasTensor {
  const stem = { filters: 32, kernelSize: 3, strides: 2, useBias: false, name: 'stem_conv1' };
  const x = net.normalise(net.conv(input, { ...stem, kernelInitializer: net.kernels(HeNormal) }), 'stem_bn1');
  let maps: Maps = [x, null];
  maps = reducingCell(net, maps, filters / 4, 'stem_1');
  maps = reducingCell(net, maps, filters / 2, 'stem_2');
  for (const [part, factor] of [1, 2, 4].entries()) {
    // Keras counts normal and reducing cells together, but for the first part.
    const first = part * cellsBetween + (part > 0 ? 1 : 0);
    if (part > 0) maps = reducingCell(net, maps, filters * factor, `reduce_${part * cellsBetween}`);
    for (let i = 0; i < cellsBetween; i++) maps = normalCell(net, maps, filters * factor, `${first + i}`);
  }
  return net.activate(maps[0]);
}

/** A convolution of one pixel behind an activation, normalised. */
function mix(
  net: Blocks,
  x: KerasTensor,
  filters: number,
  names: { conv: string; norm: string },
): KerasTensor {
  const own = {
    filters,
    kernelSize: 1,
    padding: 'same',
    useBias: false,
    kernelInitializer: net.kernels(HeNormal),
  };
  return net.normalise(net.conv(net.activate(x), { ...own, strides: 1, name: names.conv }), names.norm);
}

/** Activation, separable convolution and normalisation, twice; the first may halve height and width. */
function separable(
  net: Blocks,
  x: KerasTensor,
  filters: number,
  kernelSize: number,
  id: string,
  strides = 1,
) {
  const options = { filters, kernelSize, useBias: false };
  let y = net.activate(x);
  if (strides === 2)
    y = new ZeroPadding2D({
      padding: paddingBefore(y, kernelSize),
      name: `separable_conv_1_pad_${id}`,
    }).apply(y);
  const padding = strides === 2 ? 'valid' : 'same';
  y = net.separable(y, { ...options, strides, padding, name: `separable_conv_1_${id}` });
  y = net.activate(net.normalise(y, `separable_conv_1_bn_${id}`));
  y = net.separable(y, { ...options, padding: 'same', name: `separable_conv_2_${id}` });
  return net.normalise(y, `separable_conv_2_bn_${id}`);
}

const add = (name: string | undefined, ...maps: KerasTensor[]) => new Add({ name }).apply(maps);

/** The map of the cell before the last, of the height, width and channels that the last one has. */
function adjust(net: Blocks, [current, previous]: Maps, filters: number, id: string): KerasTensor {
  if (!previous) return current;
  if (previous.shape[2] !== current.shape[2]) {
    const active = net.activate(previous, `adjust_relu_1_${id}`);
    const half = (x: KerasTensor, k: number) => {
      const pooling = { poolSize: 1, strides: 2, padding: 'valid', name: `adjust_avg_pool_${k}_${id}` };
      return net.conv(new AveragePooling2D(pooling).apply(x), {
        ...{ filters: filters / 2, kernelSize: 1, padding: 'same', useBias: false },
        ...{ kernelInitializer: net.kernels(HeNormal), name: `adjust_conv_${k}_${id}` },
      });
    };
    const first = half(active, 1);
    // The pixels that the first half leaves out: those one row and one column further.
    const padded = new ZeroPadding2D({
      padding: [
        [0, 1],
        [0, 1],
      ],
    }).apply(active);
    const second = half(
      new Cropping2D({
        cropping: [
          [1, 0],
          [1, 0],
        ],
      }).apply(padded),
      2,
    );
    return net.normalise(new Concatenate({ axis: -1 }).apply([first, second]), `adjust_bn_${id}`);
  }
  if (channelsOf(id, previous.shape) === filters) return previous;
  return mix(net, previous, filters, { conv: `adjust_conv_projection_${id}`, norm: `adjust_bn_${id}` });
}

/** A cell that keeps height and width: (N, H, W, C) → (N, H, W, 6·filters) */
function normalCell(net: Blocks, maps: Maps, filters: number, id: string): Maps {
  const p = adjust(net, maps, filters, id);
  const h = mix(net, maps[0], filters, { conv: `normal_conv_1_${id}`, norm: `normal_bn_1_${id}` });
  const conv = (x: KerasTensor, size: number, place: string) =>
    separable(net, x, filters, size, `normal_${place}_${id}`);
  const mean = (x: KerasTensor, place: string) =>
    new AveragePooling2D({ poolSize: 3, strides: 1, padding: 'same', name: `normal_${place}_${id}` }).apply(
      x,
    );
  const sum = (k: number, a: KerasTensor, b: KerasTensor) => add(`normal_add_${k}_${id}`, a, b);
  const parts = [
    p,
    sum(1, conv(h, 5, 'left1'), conv(p, 3, 'right1')),
    sum(2, conv(p, 5, 'left2'), conv(p, 3, 'right2')),
    sum(3, mean(h, 'left3'), p),
    sum(4, mean(p, 'left4'), mean(p, 'right4')),
    sum(5, conv(h, 3, 'left5'), h),
  ];
  return [new Concatenate({ axis: -1, name: `normal_concat_${id}` }).apply(parts), maps[0]];
}

/** A cell that halves height and width: (N, H, W, C) → (N, H/2, W/2, 4·filters) */
function reducingCell(net: Blocks, maps: Maps, filters: number, id: string): Maps {
  const p = adjust(net, maps, filters, id);
  const h = mix(net, maps[0], filters, { conv: `reduction_conv_1_${id}`, norm: `reduction_bn_1_${id}` });
  const padded = new ZeroPadding2D({ padding: paddingBefore(h, 3), name: `reduction_pad_1_${id}` }).apply(h);
  const conv = (x: KerasTensor, size: number, place: string) =>
    separable(net, x, filters, size, `reduction_${place}_${id}`, 2);
  const halve = (Pooling: typeof MaxPooling2D | typeof AveragePooling2D, place: string) =>
    new Pooling({ poolSize: 3, strides: 2, padding: 'valid', name: `reduction_${place}_${id}` }).apply(
      padded,
    );
  const x1 = add(`reduction_add_1_${id}`, conv(h, 5, 'left1'), conv(p, 7, 'right1'));
  const x2 = add(`reduction_add_2_${id}`, halve(MaxPooling2D, 'left2'), conv(p, 7, 'right2'));
  const x3 = add(`reduction_add3_${id}`, halve(AveragePooling2D, 'left3'), conv(p, 5, 'right3'));
  const smooth = { poolSize: 3, strides: 1, padding: 'same', name: `reduction_left4_${id}` };
  const x4 = add(undefined, x2, new AveragePooling2D(smooth).apply(x1));
  const left = separable(net, x1, filters, 3, `reduction_left4_${id}`);
  const x5 = add(`reduction_add4_${id}`, left, halve(MaxPooling2D, 'right5'));
  const joined = new Concatenate({ axis: -1, name: `reduction_concat_${id}` }).apply([x2, x3, x4, x5]);
  return [joined, maps[0]];
}

/** Scales levels from 0 to 255 to [−1, 1]. Source: keras.applications.nasnet.preprocess_input. */
export const preprocessInput = preprocessInputOf(tfScaling);
