/** `scipy.ndimage.affine_transform` on pictures. Coordinates are (row, column), pixels lie on whole numbers. */
import { filterLine, firstPixel, type SplineOrder, splineWeights } from './spline.js';

export type { SplineOrder };

/**
 * Values beyond the picture `abcd`, by SciPy's names:
 * `constant` `kkkk|abcd|kkkk`, `nearest` `aaaa|abcd|dddd`, `reflect` `dcba|abcd|dcba`,
 * `wrap` `bcd|abcd|bcd` (the ends overlap by a pixel, as they do in SciPy).
 */
export type FillMode = 'constant' | 'nearest' | 'reflect' | 'wrap';

/** H × W × channels values, row by row from the top left. */
export interface Pixels<T extends Float32Array | Float64Array | Uint8Array> {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: T;
}

/** Rows of the 2 × 2 matrix, one after the other. */
export type Matrix = readonly [number, number, number, number];

export interface AffineOptions {
  /** Values beyond the picture. Default: `constant`. */
  fillMode?: FillMode;
  /** The value of `constant`. Default: 0. */
  cval?: number;
  /** The degree of the spline that interpolates. Default: 1. */
  order?: SplineOrder;
}

/** SciPy pads the picture by so many pixels before it filters it with mode `nearest`, where no exact filter is known. */
const PADDING = 12;

/** A coordinate at which the constant is read. */
const BEYOND = -1;

/**
 * Reads the picture at `matrix · (row, column) + offset` for every pixel of an output of the same size.
 *
 * Values are computed in double precision and rounded to the type of the input: bytes to the nearest, clipped.
 * `scipy.ndimage.affine_transform(channel, matrix, offset, order=order, mode=fill_mode, cval=cval)`, per channel.
 *
 * @example
 * affine(picture, [1, 0, 0, -1], [0, picture.width - 1]); // mirrored
 */
export function affine<T extends Float32Array | Uint8Array>(
  image: Pixels<T>,
  matrix: Matrix,
  offset: readonly [number, number],
  { fillMode = 'constant', cval = 0, order = 1 }: AffineOptions = {},
): Pixels<T> {
  const read = order === 1 ? readLinear : readSpline;
  const values = read(image, matrix, offset, { fillMode, cval, order });
  return { ...image, data: (image.data instanceof Uint8Array ? toBytes(values) : values) as T };
}

/** Where values are written as they are computed: floats are rounded to single precision at once, bytes in the end. */
const outputFor = (data: Float32Array | Uint8Array): Float32Array | Float64Array =>
  data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length);

function toBytes(values: Float32Array | Float64Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.min(Math.max(values[i]!, 0), 254.5) + 0.5;
  return bytes;
}

/** Any order: weighs `order + 1` by `order + 1` coefficients for every value. */
function readSpline(
  image: Pixels<Float32Array | Uint8Array>,
  [m00, m01, m10, m11]: Matrix,
  [rowOffset, columnOffset]: readonly [number, number],
  { fillMode, cval, order }: Required<AffineOptions>,
): Float32Array | Float64Array {
  const { channels } = image;
  const out = outputFor(image.data);
  const padding = order > 1 && fillMode === 'nearest' ? PADDING : 0;
  const source = order > 1 ? coefficients(image, order, fillMode, padding) : image;
  const rows = new Axis(source.height, order, fillMode);
  const columns = new Axis(source.width, order, fillMode);
  for (let i = 0, at = 0; i < image.height; i++)
    for (let j = 0; j < image.width; j++, at += channels) {
      const inside =
        rows.locate(rowOffset + i * m00 + j * m01 + padding) &&
        columns.locate(columnOffset + i * m10 + j * m11 + padding);
      for (let channel = 0; channel < channels; channel++) {
        let value = inside ? 0 : cval;
        if (inside)
          for (let k = 0; k <= order; k++)
            for (let l = 0; l <= order; l++) {
              const pixel = rows.pixels[k]! * source.width + columns.pixels[l]!;
              value += source.data[pixel * channels + channel]! * rows.weights[k]! * columns.weights[l]!;
            }
        out[at + channel] = value;
      }
    }
  return out;
}

/** Order 1, several times as fast: a neighbour is found without a call where all four lie within the picture. */
function readLinear(
  image: Pixels<Float32Array | Uint8Array>,
  [m00, m01, m10, m11]: Matrix,
  [rowOffset, columnOffset]: readonly [number, number],
  { fillMode, cval }: Required<AffineOptions>,
): Float32Array | Float64Array {
  const { data, width, height, channels } = image;
  const out = outputFor(data);
  const beyond = coefficientMode(fillMode);
  for (let i = 0, at = 0; i < height; i++)
    for (let j = 0; j < width; j++, at += channels) {
      let y = rowOffset + i * m00 + j * m01;
      let x = columnOffset + i * m10 + j * m11;
      let top = Math.floor(y);
      let left = Math.floor(x);
      let bottom = top + 1;
      let right = left + 1;
      if (top < 0 || left < 0 || bottom >= height || right >= width) {
        y = mapCoordinate(y, height, fillMode);
        x = mapCoordinate(x, width, fillMode);
        if (fillMode === 'constant' && (y === BEYOND || x === BEYOND)) {
          for (let channel = 0; channel < channels; channel++) out[at + channel] = cval;
          continue;
        }
        top = Math.floor(y);
        left = Math.floor(x);
        y -= top;
        x -= left;
        bottom = mapCoordinate(top + 1, height, beyond);
        right = mapCoordinate(left + 1, width, beyond);
        top = mapCoordinate(top, height, beyond);
        left = mapCoordinate(left, width, beyond);
      } else {
        y -= top;
        x -= left;
      }
      const above = top * width;
      const below = bottom * width;
      const a = (above + left) * channels;
      const b = (above + right) * channels;
      const c = (below + left) * channels;
      const d = (below + right) * channels;
      for (let channel = 0; channel < channels; channel++)
        out[at + channel] =
          data[a + channel]! * (1 - y) * (1 - x) +
          data[b + channel]! * (1 - y) * x +
          data[c + channel]! * y * (1 - x) +
          data[d + channel]! * y * x;
    }
  return out;
}

/** The pixels along one axis that a coordinate reads, and their weights. */
class Axis {
  readonly pixels: Int32Array;
  readonly weights: Float64Array;

  constructor(
    private readonly length: number,
    private readonly order: SplineOrder,
    private readonly fillMode: FillMode,
  ) {
    this.pixels = new Int32Array(order + 1);
    this.weights = new Float64Array(order + 1);
  }

  /** Sets pixels and weights for `coordinate`. False where the constant is to be read instead. */
  locate(coordinate: number): boolean {
    // For `nearest` SciPy repeats the outermost coefficient, not the value at the edge; they part at orders 2 to 5.
    const x =
      this.fillMode === 'nearest' ? coordinate : mapCoordinate(coordinate, this.length, this.fillMode);
    if (x === BEYOND && this.fillMode === 'constant') return false;
    const first = firstPixel(x, this.order);
    const beyond = coefficientMode(this.fillMode);
    for (let k = 0; k <= this.order; k++) this.pixels[k] = mapCoordinate(first + k, this.length, beyond);
    splineWeights(x, this.order, this.weights);
    return true;
  }
}

type EdgeMode = FillMode | 'mirror';

/** How the spline's own coefficients go on beyond the picture. */
const coefficientMode = (mode: FillMode): EdgeMode =>
  mode === 'constant' || mode === 'wrap' ? 'mirror' : mode;

/** The picture's spline coefficients, with `padding` copies of its edge around it. */
function coefficients(
  { data, width, height, channels }: Pixels<Float32Array | Uint8Array>,
  order: SplineOrder,
  fillMode: FillMode,
  padding: number,
): Pixels<Float64Array> {
  const [paddedWidth, paddedHeight] = [width + 2 * padding, height + 2 * padding];
  const out = new Float64Array(paddedWidth * paddedHeight * channels);
  const clamp = (value: number, length: number) => Math.min(Math.max(value, 0), length - 1);
  for (let i = 0, at = 0; i < paddedHeight; i++)
    for (let j = 0; j < paddedWidth; j++)
      for (let channel = 0; channel < channels; channel++, at++)
        out[at] =
          data[(clamp(i - padding, height) * width + clamp(j - padding, width)) * channels + channel]!;
  const edge = fillMode === 'reflect' || fillMode === 'nearest' ? 'reflect' : 'mirror';
  const rowStride = paddedWidth * channels;
  for (let start = 0; start < rowStride; start++)
    filterLine(out, start, rowStride, paddedHeight, order, edge);
  for (let i = 0; i < paddedHeight; i++)
    for (let channel = 0; channel < channels; channel++)
      filterLine(out, i * rowStride + channel, channels, paddedWidth, order, edge);
  return { width: paddedWidth, height: paddedHeight, channels, data: out };
}

/**
 * Where in `0 … length − 1` a coordinate beyond it is read; −1 for the constant. Reflection may leave up to a pixel
 * beyond either end, between two equal neighbours.
 */
function mapCoordinate(x: number, length: number, mode: EdgeMode): number {
  if (x >= 0 && x <= length - 1) return x;
  if (mode === 'constant') return BEYOND;
  if (mode === 'nearest') return x < 0 ? 0 : length - 1;
  if (length === 1) return 0;
  if (mode === 'wrap') {
    const period = length - 1;
    return x < 0 ? x + period * (Math.trunc(-x / period) + 1) : x - period * Math.trunc(x / period);
  }
  if (mode === 'mirror') {
    const period = 2 * length - 2;
    const y = Math.abs(x) - period * Math.trunc(Math.abs(x) / period);
    return y >= length ? period - y : y;
  }
  const period = 2 * length;
  if (x > 0) {
    const y = x - period * Math.trunc(x / period);
    return y >= length ? period - y - 1 : y;
  }
  const y = x < -period ? x + period * Math.trunc(-x / period) : x;
  if (y < -length) return y + period;
  return (y > -1e-15 ? 1e-15 : -y) - 1;
}
