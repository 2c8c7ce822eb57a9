/** Turns samples, as files keep them, into bytes of one colour model, as Pillow's `Image.convert` computes them. */

import { type Image, ImageError } from '../image.js';
import type { Header } from './header.js';

export type Channels = Image['channels'];

/**
 * How samples of more than 8 bits become bytes.
 *
 * - `scaled`: the whole range is kept. 16 bits: the upper 8. Floats from 0 to 1: times 255.
 * - `pillow`: as Pillow's `convert`, for Keras. Grey of 16 bits without alpha and floats are clipped to 0–255, which
 *   makes most 16-bit pictures white and floats from 0 to 1 black. Everything else is as in `scaled`.
 */
export type Levels = 'scaled' | 'pillow';

/** Decoded samples, interleaved: grey, grey and alpha, RGB, RGBA or CMYK. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array | Float32Array;
  /** Whether the decoder has made RGB of CMYK by itself. */
  readonly isConverted?: boolean;
  /** Whether the decoder has turned the picture upright by itself. */
  readonly isUpright?: boolean;
}

type Colours = Pick<Header, 'colour' | 'alpha'>;

/**
 * Brings samples to 8 bits, and to grey, RGB or RGBA.
 *
 * Alpha is dropped or kept, never blended; missing alpha is 255. The memory beside the samples is one byte for each
 * of the picture's own channels, and the result.
 *
 * @throws ImageError when floats that are to be scaled lie outside of 0 to 1
 */
export function convertColour(
  samples: Samples,
  header: Colours,
  { channels, levels }: { channels: Channels; levels: Levels },
): Image {
  const { width, height, channels: count } = samples;
  const data = narrow(samples, header, levels);
  const shift = data instanceof Uint16Array ? 8 : 0;
  if (header.colour === 'cmyk' && !samples.isConverted) {
    const rgb = cmykToRgb(data, count, shift);
    return { width, height, channels, data: channels === 3 ? rgb : toChannels(rgb, 3, channels, 0) };
  }
  if (data instanceof Uint8Array && count === channels) return { width, height, channels, data };
  return { width, height, channels, data: toChannels(data, count, channels, shift) };
}

/** Whether `pillow` loses levels of these samples that `scaled` keeps. */
export function losesLevels({ data }: Samples, header: Colours): boolean {
  if (data instanceof Float32Array) {
    let largest = 0;
    for (const value of data) {
      if (value > 255 || value < 0) return true;
      if (value > largest) largest = value;
    }
    return largest > 0 && largest <= 1;
  }
  return isClipped(data, header) && data.some((value) => value > 255);
}

/** Pillow keeps 16-bit grey as its mode `I;16`, whose conversion clips. */
const isClipped = (data: Samples['data'], { colour, alpha }: Colours): boolean =>
  data instanceof Uint16Array && colour === 'grey' && !alpha;

/** Bytes, or 16-bit samples whose upper byte counts. */
function narrow({ data }: Samples, header: Colours, levels: Levels): Uint8Array | Uint16Array {
  if (data instanceof Float32Array) return levels === 'pillow' ? clip(data) : scaleFloats(data);
  if (data instanceof Uint16Array && levels === 'pillow' && isClipped(data, header)) return clip(data);
  return data;
}

/** The whole part of each value, 0–255. */
function clip(values: Uint16Array | Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = values[i] ?? 0;
    bytes[i] = value > 255 ? 255 : value > 0 ? value : 0;
  }
  return bytes;
}

function scaleFloats(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = values[i] ?? 0;
    if (!(value >= 0 && value <= 1)) throw beyondScale(values);
    bytes[i] = value * 255 + 0.5;
  }
  return bytes;
}

function beyondScale(values: Float32Array): ImageError {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const found = Number.isNaN(low) ? 'floats, some of which are no numbers' : `floats from ${low} to ${high}`;
  return new ImageError('unsupported', found, { hint: 'scale them to 0–1, or save 8 or 16 bits a sample.' });
}

/** @param shift of 16-bit samples: 8 */
function toChannels(
  from: Uint8Array | Uint16Array,
  count: number,
  wanted: Channels,
  shift: number,
): Uint8Array {
  const pixels = from.length / count;
  const data = new Uint8Array(pixels * wanted);
  const isGrey = count < 3;
  const alphaAt = count === 2 || count === 4 ? count - 1 : -1;
  for (let i = 0, at = 0, to = 0; i < pixels; i++, at += count, to += wanted) {
    const r = from[at]! >> shift;
    const g = isGrey ? r : from[at + 1]! >> shift;
    const b = isGrey ? r : from[at + 2]! >> shift;
    if (wanted === 1) data[to] = isGrey ? r : luma(r, g, b);
    else {
      data[to] = r;
      data[to + 1] = g;
      data[to + 2] = b;
      if (wanted === 4) data[to + 3] = alphaAt < 0 ? 255 : from[at + alphaAt]! >> shift;
    }
  }
  return data;
}

/** ITU-R 601-2 in 16-bit fixed point: Pillow's `L24`. */
const luma = (r: number, g: number, b: number): number => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;

/** Pillow's `cmyk2rgb`. */
function cmykToRgb(data: Uint8Array | Uint16Array, channels: number, shift: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let at = 0, to = 0; to < rgb.length; at += channels, to += 3) {
    const light = 255 - (data[at + 3]! >> shift);
    rgb[to] = light - timesOver255(data[at]! >> shift, light);
    rgb[to + 1] = light - timesOver255(data[at + 1]! >> shift, light);
    rgb[to + 2] = light - timesOver255(data[at + 2]! >> shift, light);
  }
  return rgb;
}

/** a · b / 255, rounded: Pillow's `MULDIV255`. */
function timesOver255(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
