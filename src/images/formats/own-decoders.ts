import { ImageError } from '../image.js';
import { decodeBmp } from './bmp.js';
import type { Samples } from './convert-colour.js';
import { decodeGif } from './gif.js';
import type { OwnFormat } from './header.js';
import { decodeNetpbm } from './netpbm.js';

const decoders: Record<OwnFormat, (bytes: Uint8Array) => Samples> = {
  bmp: decodeBmp,
  gif: decodeGif,
  netpbm: decodeNetpbm,
};

/**
 * Decodes a picture of a format that this project reads by itself.
 *
 * @throws ImageError when it is damaged or ends early; RangeError where memory does not suffice
 */
export function decodeOwn(bytes: Uint8Array, format: OwnFormat): Samples {
  try {
    return decoders[format](bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError) || /allocat/i.test(cause.message)) throw cause;
    throw new ImageError('truncated', `${bytes.length} bytes that end before the picture does`, { cause });
  }
}
