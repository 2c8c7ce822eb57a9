/**
 * Pillow's `Image.resize`, byte for byte: https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 *
 * Each output pixel is a weighted mean of the input pixels beneath a filter, which widens when the picture shrinks
 * (that is the antialiasing). Rows and columns are resampled one after the other; the weights are integers with 22
 * bits after the point, and each pass rounds to bytes.
 */
import type { Image } from '../image.js';
import { filters, weigh } from './filters.js';
import { resampleColumnsWasm, resampleRowsWasm } from './resample-kernel.js';
import { resampleColumns, resampleRows } from './resample-passes.js';

export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos';

/** Left, top, right and bottom in input pixels; fractions are allowed. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

export interface ResizeOptions {
  /** Height and width of the output in pixels. */
  size: readonly [height: number, width: number];
  /** Pillow's filter. */
  interpolation: Interpolation;
  /** The part of the picture that fills the output. Default: all of it. */
  box?: Box;
  /** Use WebAssembly where it runs; the bytes are the same without. Default: true. */
  wasm?: boolean;
}

/**
 * Stretches a picture to a size, as Pillow's `image.resize((width, height), interpolation, box)` does.
 *
 * RGBA is resampled with the colours multiplied by alpha, so that transparent pixels do not bleed.
 *
 * @throws RangeError when the size is not positive or the box not inside the picture
 *
 * @example
 * const small = resize(image, { size: [224, 224], interpolation: 'bilinear' });
 */
export function resize(
  image: Image,
  { size: [height, width], interpolation, box, wasm = true }: ResizeOptions,
): Image {
  if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0))
    throw new RangeError(`Expected a size of at least 1×1 pixels. Received: [${height}, ${width}].`);
  const [x0, y0, x1, y1] = box ?? [0, 0, image.width, image.height];
  // Pillow keeps boxes in single precision.
  const [left, top, right, bottom] = [
    Math.fround(x0),
    Math.fround(y0),
    Math.fround(x1),
    Math.fround(y1),
  ] as const;
  const part: Box = [left, top, right, bottom];
  if (
    !(left >= 0 && top >= 0 && right <= image.width && bottom <= image.height && left < right && top < bottom)
  )
    throw new RangeError(
      `Expected a box inside ${image.width}×${image.height} pixels. Received: [${part.join(', ')}].`,
    );
  const keepsColumns = width === image.width && left === 0 && right === width;
  const keepsRows = height === image.height && top === 0 && bottom === height;
  if (keepsColumns && keepsRows) return { ...image, data: image.data.slice() };
  if (interpolation === 'nearest') return pickNearest(image, height, width, part);

  const filter = filters[interpolation];
  if (!filter)
    throw new RangeError(
      `Expected one of nearest, ${Object.keys(filters).join(', ')}. Received: ${interpolation}.`,
    );
  const columns = keepsColumns ? undefined : weigh(image.width, left, right, width, filter);
  const rows = keepsRows ? undefined : weigh(image.height, top, bottom, height, filter);
  // Pillow 13 begins with the columns when they shrink by much more than the rows; earlier ones never did.
  const columnsFirst = image.height > height && image.height - height > 2 * (image.width - width);
  const stretch = (from: Image): Image =>
    columns
      ? (wasm && resampleRowsWasm(from, columns, columnsFirst ? undefined : rows)) ||
        resampleRows(from, columns)
      : from;
  const squeeze = (from: Image): Image =>
    rows ? (wasm && resampleColumnsWasm(from, rows)) || resampleColumns(from, rows) : from;
  const start = image.channels === 4 ? multiplyByAlpha(image) : image;
  const current = columnsFirst ? stretch(squeeze(start)) : squeeze(stretch(start));
  return image.channels === 4 ? divideByAlpha(current) : current;
}

/** Pillow's `ImagingScaleAffine`: the pixel under each centre. Positions are added up, with the rounding of that. */
function pickNearest(image: Image, height: number, width: number, [left, top, right, bottom]: Box): Image {
  const { channels, data } = image;
  const positions = (from: number, to: number, count: number): Int32Array => {
    const step = Math.fround(to - from) / count;
    let position = from + step * 0.5;
    return Int32Array.from({ length: count }, () => {
      const here = Math.trunc(position);
      position += step;
      return here;
    });
  };
  const xs = positions(left, right, width);
  const ys = positions(top, bottom, height);
  const out = new Uint8Array(height * width * channels);
  let to = 0;
  for (const y of ys)
    for (const x of xs) {
      // Beyond the last pixel, where rounding may lead, Pillow leaves black.
      if (x >= image.width || y >= image.height) to += channels;
      else
        for (let c = 0, at = (y * image.width + x) * channels; c < channels; c++) out[to++] = data[at + c]!;
    }
  return { width, height, channels, data: out };
}

/** Pillow's conversion from `RGBA` to `RGBa`. */
function multiplyByAlpha(image: Image): Image {
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = image.data[i + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = image.data[i + c]! * alpha + 128;
      data[i + c] = ((product >> 8) + product) >> 8;
    }
    data[i + 3] = alpha;
  }
  return { ...image, data };
}

/** Pillow's conversion from `RGBa` to `RGBA`. */
function divideByAlpha(image: Image): Image {
  const data = image.data.slice();
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]!;
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) data[i + c] = Math.min(255, Math.trunc((255 * data[i + c]!) / alpha));
  }
  return { ...image, data };
}
