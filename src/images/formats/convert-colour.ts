/** Samples as files keep them to bytes of one colour model, as Pillow's `Image.convert` computes them. */

import type { Image } from '../image.js';
import type { Header } from './header.js';

export type Channels = Image['channels'];

/** Samples as they were decoded: grey, grey and alpha, RGB, RGBA or CMYK. */
export interface Stored {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array | Float32Array;
  /** Whether the decoder has made RGB of CMYK by itself. */
  readonly isConverted?: boolean;
}

/** Brings decoded samples to 8 bits and to grey, RGB or RGBA. The rules are told in decode.ts. */
export function convert(stored: Stored, header: Pick<Header, 'colour' | 'alpha'>, channels: Channels): Image {
  const { width, height } = stored;
  const bytes = toBytes(stored, header);
  const has = stored.channels;
  if (header.colour === 'cmyk' && !stored.isConverted) return toChannels(cmykToRgb(bytes, has), 3, channels);
  return toChannels(bytes, has, channels);

  function toChannels(from: Uint8Array, count: number, wanted: Channels): Image {
    if (count === wanted) return { width, height, channels: wanted, data: from };
    const pixels = width * height;
    const data = new Uint8Array(pixels * wanted);
    const isGrey = count < 3;
    const alphaAt = count === 2 || count === 4 ? count - 1 : -1;
    for (let i = 0, at = 0, to = 0; i < pixels; i++, at += count, to += wanted) {
      const r = from[at];
      const g = isGrey ? r : from[at + 1];
      const b = isGrey ? r : from[at + 2];
      if (wanted === 1) data[to] = luma(r, g, b);
      else {
        data[to] = r;
        data[to + 1] = g;
        data[to + 2] = b;
        if (wanted === 4) data[to + 3] = alphaAt < 0 ? 255 : from[at + alphaAt];
      }
    }
    return { width, height, channels: wanted, data };
  }
}

/** ITU-R 601-2 in 16-bit fixed point: Pillow's `L24`. */
const luma = (r: number, g: number, b: number): number => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;

/** 16 bits: the upper 8, but grey without alpha is clipped; floats are clipped, too. */
function toBytes({ data }: Stored, { colour, alpha }: Pick<Header, 'colour' | 'alpha'>): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const clips = data instanceof Float32Array || (colour === 'grey' && !alpha);
  return clips
    ? new Uint8Array(Uint8ClampedArray.from(data, Math.floor).buffer)
    : Uint8Array.from(data, (v) => v >> 8);
}

/** Pillow's `cmyk2rgb`. */
function cmykToRgb(data: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let at = 0, to = 0; to < rgb.length; at += channels, to += 3) {
    const light = 255 - data[at + 3];
    for (let c = 0; c < 3; c++) rgb[to + c] = Math.max(0, light - timesOver255(data[at + c], light));
  }
  return rgb;
}

/** a · b / 255, rounded: Pillow's `MULDIV255`. */
function timesOver255(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
