/**
 * Picture files to pixels, in a browser: the same pixels that `images/decode.ts` gets in Node.
 *
 * Browsers decode JPEG with libjpeg-turbo at full size, as sharp does, and leave colour profiles alone when asked to.
 * What they would do otherwise than Pillow is done here: transparent pixels keep their colours, EXIF in WebP turns
 * the picture, 16-bit grey is clipped, and damaged JPEGs are refused rather than shown in part.
 */

import { convert } from '../../images/formats/convert-colour.js';
import { type Header, readHeader } from '../../images/formats/header.js';
import { checkJpeg } from '../../images/formats/jpeg-check.js';
import { decodeNetpbm } from '../../images/formats/netpbm.js';
import { type Orientation, orient } from '../../images/formats/orientation.js';
import { type Image, ImageError } from '../../images/image.js';
import { readGreyAlpha, readRgb } from './bitmap.js';

export interface PixelOptions {
  /** Turn the picture upright as its EXIF data says. */
  exif: boolean;
  /** The most pixels a picture may have; asked before it is decoded. Default: 100 megapixels, as in Node. */
  maxPixels?: number;
}

/**
 * Decodes a picture by its content; a file name plays no part.
 *
 * @returns RGB, H × W × 3 bytes
 * @throws ImageError when the bytes are no picture, too large a one, damaged, or of a kind this browser cannot show
 */
export async function decodePixels(
  bytes: Uint8Array<ArrayBuffer>,
  { exif, maxPixels = 100e6 }: PixelOptions,
): Promise<Image> {
  const header = readHeader(bytes);
  const { format, width, height, orientation } = header;
  if (width * height > maxPixels)
    throw new ImageError('too large', `${width}×${height} pixels, more than ${maxPixels}`);
  if (format === 'netpbm') return convert(decodeNetpbm(bytes), header, 3);
  if (format === 'jpeg') checkJpeg(bytes);
  // Browsers turn other pictures by themselves, and cannot be kept from it.
  const turnedByBrowser = format !== 'webp';
  const image = await decodeWithBrowser(bytes, header);
  if (exif) return turnedByBrowser ? image : orient(image, orientation);
  return turnedByBrowser ? orient(image, opposite(orientation)) : image;
}

async function decodeWithBrowser(bytes: Uint8Array<ArrayBuffer>, header: Header): Promise<Image> {
  const { format, colour, alpha, depth } = header;
  if (format === 'png' && colour === 'grey' && !alpha && depth === 16) {
    const levels = await withBitmap(toGreyAlpha(bytes), format, (bitmap) => {
      const data = readGreyAlpha(bitmap);
      return data && { width: bitmap.width, height: bitmap.height, channels: 1, data };
    });
    if (levels) return convert(levels, header, 3);
  }
  return withBitmap(format === 'webp' ? hideExif(bytes) : bytes, format, readRgb);
}

async function withBitmap<T>(
  bytes: Uint8Array<ArrayBuffer>,
  format: Header['format'],
  read: (bitmap: ImageBitmap) => T,
): Promise<T> {
  const bitmap = await decodeBitmap(bytes, format);
  try {
    return read(bitmap);
  } finally {
    bitmap.close();
  }
}

async function decodeBitmap(bytes: Uint8Array<ArrayBuffer>, format: Header['format']): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([bytes]), {
      imageOrientation: 'from-image',
      premultiplyAlpha: 'none',
      colorSpaceConversion: 'none',
    });
  } catch (cause) {
    if (format === 'tiff')
      throw new ImageError('unsupported', 'a TIFF picture, which browsers do not show', {
        hint: 'convert it to JPEG or PNG.',
        cause,
      });
    throw new ImageError('damaged', `a ${format.toUpperCase()} that this browser cannot decode`, { cause });
  }
}

/** Turns by 90° are undone by the turn the other way; every other turn or flip is undone by itself. */
const opposite = (orientation: Orientation): Orientation =>
  orientation === 6 ? 8 : orientation === 8 ? 6 : orientation;

/** Some browsers turn WebP pictures by their EXIF data and some do not; none does once the chunk has another name. */
function hideExif(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 12; at + 8 <= copy.length; ) {
    const length = view.getUint32(at + 4, true);
    if (String.fromCharCode(...copy.subarray(at, at + 4)) === 'EXIF') copy[at] = 'x'.charCodeAt(0);
    at += 8 + length + (length & 1);
  }
  return copy;
}

/**
 * Browsers keep the upper half of 16-bit grey alone. Called 8-bit grey and alpha, which the same bytes are as well,
 * they hand over both halves.
 */
function toGreyAlpha(png: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = png.slice();
  // IHDR: length at 8, type at 12, width, height, bit depth at 24, colour type at 25, CRC of type and data at 29.
  copy[24] = 8;
  copy[25] = 4;
  new DataView(copy.buffer).setUint32(29, crc32(copy.subarray(12, 29)));
  return copy;
}

/** PNG specification, annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
