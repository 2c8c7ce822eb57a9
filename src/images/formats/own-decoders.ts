/** Formats that are simple to decode, and that libraries and browsers decode otherwise than Pillow, or not at all. */
import { ImageError } from '../image.js';
import { decodeBmp } from './bmp.js';
import type { Samples } from './convert-colour.js';
import { decodeGif } from './gif.js';
import type { Format } from './header.js';
import { decodeNetpbm } from './netpbm.js';

const decoders: Partial<Record<Format, (bytes: Uint8Array) => Samples>> = {
  bmp: decodeBmp,
  gif: decodeGif,
  netpbm: decodeNetpbm,
};

/**
 * Decodes a picture of such a format; undefined for others.
 *
 * @throws ImageError when it is damaged or ends early; RangeError where memory does not suffice
 */
export function decodeOwn(bytes: Uint8Array, format: Format): Samples | undefined {
  try {
    return decoders[format]?.(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError) || /allocat/i.test(cause.message)) throw cause;
    throw new ImageError('truncated', `${bytes.length} bytes that end before the picture does`, { cause });
  }
}
