import { float32, type Tensor } from '../../graph/tensor.js';
import { type AffineOptions, affine, type Matrix } from '../../images/affine.js';
import { named, refuseOthers } from '../../named-options.js';
import { checkImage, imgToArray, toByteImage } from './image.js';

/** A picture as Keras computes with it: float32 (H, W, C), levels 0–255 unless scaled. */
export type ImageArray = Tensor<'float32'>;

/** How one picture is changed, as `getRandomTransform` draws it. */
export interface TransformParameters {
  /** Rotation in degrees. */
  theta: number;
  /** Shift in pixels that `heightShiftRange` gives. */
  tx: number;
  /** Shift in pixels that `widthShiftRange` gives. */
  ty: number;
  /** Shear angle in degrees. */
  shear: number;
  /** Zoom of the rows' axis; below 1 enlarges. */
  zx: number;
  /** Zoom of the columns' axis. */
  zy: number;
  /** Whether left and right are swapped. */
  flipHorizontal: boolean;
  /** Whether top and bottom are swapped. */
  flipVertical: boolean;
  /** Added to every level; `null` for none. */
  channelShiftIntensity: number | null;
  /** Factor of brightness; `null` for none. */
  brightness: number | null;
}

/** Changes nothing. */
export const unchanged: TransformParameters = {
  theta: 0,
  tx: 0,
  ty: 0,
  shear: 0,
  zx: 1,
  zy: 1,
  flipHorizontal: false,
  flipVertical: false,
  channelShiftIntensity: null,
  brightness: null,
};

/** Rows of a 3 × 3 matrix of homogeneous coordinates, one after the other. */
type Homogeneous = readonly [...Row, ...Row, ...Row];

type Row = readonly [number, number, number];

const radians = (degrees: number): number => degrees * (Math.PI / 180);

/**
 * The matrix and the offset that read the transformed picture; `null` where nothing moves.
 *
 * Rotation, shift, shear and zoom are multiplied in this order and taken about the centre. Keras then swaps the axes,
 * so that on pictures that are not square the centre is a little off; so it is here.
 */
function affineOf(
  parameters: Partial<TransformParameters>,
  [height, width]: readonly [height: number, width: number],
): { matrix: Matrix; offset: readonly [number, number] } | null {
  const { theta, tx, ty, shear, zx, zy } = { ...unchanged, ...parameters };
  const factors: Homogeneous[] = [];
  if (theta !== 0) {
    const [sin, cos] = [Math.sin(radians(theta)), Math.cos(radians(theta))];
    factors.push([cos, -sin, 0, sin, cos, 0, 0, 0, 1]);
  }
  if (tx !== 0 || ty !== 0) factors.push([1, 0, tx, 0, 1, ty, 0, 0, 1]);
  if (shear !== 0) factors.push([1, -Math.sin(radians(shear)), 0, 0, Math.cos(radians(shear)), 0, 0, 0, 1]);
  if (zx !== 1 || zy !== 1) factors.push([zx, 0, 0, 0, zy, 0, 0, 0, 1]);
  if (factors.length === 0) return null;
  const [x, y] = [height / 2 - 0.5, width / 2 - 0.5];
  const centred: Homogeneous[] = [
    [1, 0, x, 0, 1, y, 0, 0, 1],
    factors.reduce(multiply),
    [1, 0, -x, 0, 1, -y, 0, 0, 1],
  ];
  const [a, b, c, d, e, f] = centred.reduce(multiply);
  return { matrix: [e, d, b, a], offset: [f, c] };
}

function multiply([a, b, c, d, e, f, g, h, i]: Homogeneous, right: Homogeneous): Homogeneous {
  const [p, q, r, s, t, u, v, w, x] = right;
  const times = (first: number, second: number, third: number): Row => [
    first * p + second * s + third * v,
    first * q + second * t + third * w,
    first * r + second * u + third * x,
  ];
  return [...times(a, b, c), ...times(d, e, f), ...times(g, h, i)];
}

/** Rotates, shifts, shears and zooms: `keras.preprocessing.image.apply_affine_transform`. */
export function applyAffineTransform(
  x: ImageArray,
  parameters: Partial<TransformParameters>,
  options: AffineOptions = {},
): ImageArray {
  const { fillMode = 'nearest', cval = 0, order = 1, ...others } = named(options, 'applyAffineTransform');
  refuseOthers(others, 'applyAffineTransform', (probe) => applyAffineTransform(x, {}, probe));
  const [height, width, channels] = checkImage(x);
  const move = affineOf(parameters, [height, width]);
  if (!move) return x;
  const pixels = { data: x.data, height, width, channels };
  return float32(affine(pixels, move.matrix, move.offset, { fillMode, cval, order }).data, x.dims);
}

/** Adds `intensity` to every level, within the range of levels that the picture has. */
export function applyChannelShift(x: ImageArray, intensity: number): ImageArray {
  const [low, high] = range(x.data);
  const shift = Math.fround(intensity);
  return float32(
    x.data.map((value) => Math.min(Math.max(Math.fround(value + shift), low), high)),
    x.dims,
  );
}

/** Mirrors rows (axis 0) or columns (axis 1). */
export function flipAxis(x: ImageArray, axis: 0 | 1): ImageArray {
  const [height, width, channels] = checkImage(x);
  const out = new Float32Array(x.data.length);
  for (let i = 0, at = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const from = axis === 0 ? (height - 1 - i) * width + j : i * width + width - 1 - j;
      for (let channel = 0; channel < channels; channel++) out[at++] = x.data[from * channels + channel]!;
    }
  return float32(out, x.dims);
}

/**
 * Brightens (above 1) or darkens the picture as Pillow does, in whole levels: `ImageEnhance.Brightness`.
 *
 * Levels that leave 0–255 are stretched to that range for it, and back afterwards.
 *
 * @param scale stretches the levels to 0–255 in any case, and leaves them so. Default: true
 */
export function applyBrightnessShift(x: ImageArray, brightness: number, scale = true): ImageArray {
  const [low, high] = range(x.data);
  const leaves = low < 0 || high > 255;
  const img = toByteImage(x, leaves || scale);
  const factor = Math.fround(brightness);
  const brightened = (level: number) => Math.min(Math.max(Math.trunc(Math.fround(factor * level)), 0), 255);
  const out = imgToArray(img);
  for (const [i, level] of img.data.entries())
    if (img.channels < 4 || i % 4 < 3) out.data[i] = brightened(level);
  if (leaves && !scale) {
    const span = Math.fround(high - low);
    for (const [i, value] of out.data.entries())
      out.data[i] = Math.fround(Math.fround(Math.fround(value / 255) * span) + low);
  }
  return out;
}

/** Least and greatest value. */
function range(values: Float32Array): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
