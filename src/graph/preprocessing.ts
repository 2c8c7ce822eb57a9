import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';
import { toChannelsFirst } from './layout.js';
import { float32, int64 } from './tensor.js';

/**
 * How a decoded picture becomes the input of a backbone. Training, command line and page all follow this one
 * definition, which travels inside the exported model.
 */
export interface Preprocessing {
  /** Height and width in pixels that every picture is stretched to. */
  readonly size: readonly [height: number, width: number];
  /** The part that is cut out of the picture before it is stretched. */
  readonly crop: 'none' | 'center' | 'face';
  /** With `crop: 'face'`: whether a picture without a face is taken whole or left out. Default: whole. */
  readonly noFace?: 'whole' | 'skip';
  /** Whether the picture is turned upright first, as its EXIF orientation says. */
  readonly exif: boolean;
  /** The order in which the backbone wants the colours. */
  readonly channels: 'RGB' | 'BGR';
  /** Subtracted from the 0–255 levels, per channel in the order of `channels`. */
  readonly mean: readonly [number, number, number];
  /** A factor for the differences: one for all, or one for each channel in the order of `channels`. */
  readonly scale: number | readonly [number, number, number];
}

/** How levels from 0 to 255 become the input of a model. */
export type Scaling = Pick<Preprocessing, 'channels' | 'mean' | 'scale'>;

/** Keras's `preprocess_input` in its `tf` mode: levels mapped to [−1, 1]. */
export const tfScaling = { channels: 'RGB', mean: [127.5, 127.5, 127.5], scale: 1 / 127.5 } as const;

/** Keras's `caffe` mode: BGR with ImageNet's mean subtracted. */
export const caffeScaling = { channels: 'BGR', mean: [103.939, 116.779, 123.68], scale: 1 } as const;

/** Keras's `torch` mode: ImageNet's mean subtracted and its deviation divided by, which are of levels from 0 to 1. */
export const torchScaling = {
  channels: 'RGB',
  mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
  scale: [1 / (0.229 * 255), 1 / (0.224 * 255), 1 / (0.225 * 255)],
} as const;

/** Scalings by the names of Keras's `imagenet_utils.preprocess_input`, and the two that need no name there. */
export const scalings = {
  tf: tfScaling,
  torch: torchScaling,
  caffe: caffeScaling,
  '0-1': { channels: 'RGB', mean: [0, 0, 0], scale: 1 / 255 },
  none: { channels: 'RGB', mean: [0, 0, 0], scale: 1 },
} as const satisfies Record<string, Scaling>;
export type ScalingName = keyof typeof scalings;

/**
 * Resizes pictures with antialiased bilinear interpolation. Needs opset 18.
 *
 * @param pixels uint8 (N, H, W, 3), any H and W
 * @returns uint8 (N, height, width, 3)
 */
export function resizePixels(g: GraphBuilder, pixels: Value, [height, width]: Preprocessing['size']): Value {
  return resizeTo(g, pixels, g.initializer('size', int64([height, width])));
}

/** As `resizePixels`, to a size that the graph computes: int64 (2), height and width. */
export const resizeTo = (g: GraphBuilder, pixels: Value, size: Value): Value =>
  g.op('Resize', [pixels, '', '', size], {
    mode: 'linear',
    antialias: 1,
    coordinate_transformation_mode: 'half_pixel',
    axes: [1, 2],
  });

/** Pixels, uint8 (N, H, W, 3), as float32 levels (N, 3, H, W). */
export const toLevels = (g: GraphBuilder, pixels: Value): Value =>
  toChannelsFirst(g, g.cast(pixels, 'float32'));

/**
 * Normalises resized pictures.
 *
 * @param pixels uint8 (N, height, width, 3), RGB
 * @returns float32 (N, 3, height, width), the input of the backbone
 */
export function normalisePixels(g: GraphBuilder, pixels: Value, { channels, mean, scale }: Scaling): Value {
  const ordered = channels === 'RGB' ? pixels : g.op('Gather', [pixels, g.ints(2, 1, 0)], { axis: 3 });
  const levels = toLevels(g, ordered);
  const isZero = mean.every((level) => level === 0);
  const centred = isZero ? levels : g.op('Sub', [levels, g.initializer('mean', float32(mean, [3, 1, 1]))]);
  if (typeof scale !== 'number')
    return g.op('Mul', [centred, g.initializer('scale', float32(scale, [3, 1, 1]))]);
  return scale === 1 ? centred : g.op('Mul', [centred, g.scalar(scale)]);
}
