/**
 * Pillow's `Image.resize`, byte for byte: https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 *
 * Each output pixel is a weighted mean of the input pixels beneath a filter, which widens when the picture shrinks
 * (that is the antialiasing). Rows and columns are resampled one after the other; the weights are integers with 22
 * bits after the point, and each pass rounds to bytes.
 */
import type { Image } from './image.js';

export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos';

/** Left, top, right and bottom in input pixels; fractions are allowed. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

export interface ResizeOptions {
  size: readonly [height: number, width: number];
  interpolation: Interpolation;
  /** The part of the picture that fills the output. Default: all of it. */
  box?: Box;
}

/** A reconstruction filter: its value at `x` input pixels from the centre, zero beyond `support`. */
interface Filter {
  readonly support: number;
  readonly at: (x: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** Keys's cubic convolution with a = −0.5. */
function bicubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

function hamming(x: number): number {
  const d = Math.abs(x);
  if (d === 0) return 1;
  if (d >= 1) return 0;
  return (
    (Math.sin(d * Math.PI) / (d * Math.PI)) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(d * Math.PI))
  );
}

const filters: Record<Exclude<Interpolation, 'nearest'>, Filter> = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, at: hamming },
  bicubic: { support: 2, at: bicubic },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Bits after the point of a weight: 32 less 8 for the pixel, less 2 for overshoot and sign. */
const precision = 22;
const half = 1 << (precision - 1);

/** For each output position: which input positions it is made of, and how much of each. */
interface Weights {
  /** First input position, per output position. */
  readonly starts: Int32Array;
  /** How many input positions, per output position. */
  readonly counts: Int32Array;
  /** `stride` weights per output position, in 22-bit fixed point. */
  readonly values: Int32Array;
  readonly stride: number;
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
export function resize(image: Image, { size: [height, width], interpolation, box }: ResizeOptions): Image {
  if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0))
    throw new RangeError(`Expected a size of at least 1×1 pixels. Received: [${height}, ${width}].`);
  // Pillow keeps boxes in single precision.
  const part: Box = box ? (box.map(Math.fround) as unknown as Box) : [0, 0, image.width, image.height];
  const [left, top, right, bottom] = part;
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
  let current = image.channels === 4 ? multiplyByAlpha(image) : image;
  if (rows && columnsFirst) current = resampleColumns(current, rows, height);
  if (columns) current = resampleRows(current, columns, width, columnsFirst ? undefined : rows);
  if (rows && !columnsFirst) current = resampleColumns(current, rows, height);
  return image.channels === 4 ? divideByAlpha(current) : current;
}

/** Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`. */
function weigh(inSize: number, from: number, to: number, outSize: number, { support, at }: Filter): Weights {
  const scale = Math.fround(to - from) / outSize;
  const filterScale = Math.max(1, scale);
  const reach = support * filterScale;
  const stride = Math.ceil(reach) * 2 + 1;
  const starts = new Int32Array(outSize);
  const counts = new Int32Array(outSize);
  const values = new Int32Array(outSize * stride);
  const window = new Float64Array(stride);
  for (let i = 0; i < outSize; i++) {
    const centre = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const count = Math.min(inSize, Math.trunc(centre + reach + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      window[k] = at((k + start - centre + 0.5) * (1 / filterScale));
      sum += window[k];
    }
    for (let k = 0; k < count; k++) {
      const weight = (sum === 0 ? window[k] : window[k] / sum) * (1 << precision);
      values[i * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[i] = start;
    counts[i] = count;
  }
  return { starts, counts, values, stride };
}

const clip = (sum: number): number => {
  const value = sum >> precision;
  return value < 0 ? 0 : value > 255 ? 255 : value;
};

/** Resamples each row, (H, W, C) → (H, width, C); only the rows that `used` reads, when that is given. */
function resampleRows(
  image: Image,
  { starts, counts, values, stride }: Weights,
  width: number,
  used: Weights | undefined,
): Image {
  const { height, channels, data } = image;
  const out = new Uint8Array(height * width * channels);
  const first = used ? used.starts[0] : 0;
  const end = used ? used.starts.at(-1)! + used.counts.at(-1)! : height;
  let to = first * width * channels;
  for (let y = first; y < end; y++) {
    const row = y * image.width * channels;
    for (let x = 0; x < width; x++) {
      let at = row + starts[x] * channels;
      const begin = x * stride;
      const stop = begin + counts[x];
      if (channels === 3) {
        let r = half;
        let g = half;
        let b = half;
        for (let k = begin; k < stop; k++, at += 3) {
          const weight = values[k];
          r = (r + Math.imul(data[at], weight)) | 0;
          g = (g + Math.imul(data[at + 1], weight)) | 0;
          b = (b + Math.imul(data[at + 2], weight)) | 0;
        }
        out[to] = clip(r);
        out[to + 1] = clip(g);
        out[to + 2] = clip(b);
      } else
        for (let c = 0; c < channels; c++) {
          let sum = half;
          for (let k = begin, from = at + c; k < stop; k++, from += channels)
            sum = (sum + Math.imul(data[from], values[k])) | 0;
          out[to + c] = clip(sum);
        }
      to += channels;
    }
  }
  return { width, height, channels, data: out };
}

/** Resamples each column: (H, W, C) → (height, W, C). A row of sums runs along, so that memory is read in order. */
function resampleColumns(image: Image, { starts, counts, values, stride }: Weights, height: number): Image {
  const { width, channels, data } = image;
  const row = width * channels;
  const out = new Uint8Array(height * row);
  const sums = new Int32Array(row);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    for (let k = 0; k < counts[y]; k++) {
      const weight = values[y * stride + k];
      const from = (starts[y] + k) * row;
      for (let i = 0; i < row; i++) sums[i] += Math.imul(data[from + i], weight);
    }
    const to = y * row;
    for (let i = 0; i < row; i++) out[to + i] = clip(sums[i]);
  }
  return { width, height, channels, data: out };
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
      else for (let c = 0, at = (y * image.width + x) * channels; c < channels; c++) out[to++] = data[at + c];
    }
  return { width, height, channels, data: out };
}

/** Pillow's conversion from `RGBA` to `RGBa`. */
function multiplyByAlpha(image: Image): Image {
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = image.data[i + 3];
    for (let c = 0; c < 3; c++) {
      const product = image.data[i + c] * alpha + 128;
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
    const alpha = data[i + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) data[i + c] = Math.min(255, Math.trunc((255 * data[i + c]) / alpha));
  }
  return { ...image, data };
}
