/**
 * Picture files to pixels, in a browser: the same pixels that Node gets, by the rules told in `node/decode.ts`.
 *
 * Browsers decode JPEG with libjpeg-turbo at full size, as sharp does, and leave colour profiles alone when asked to.
 * Where browsers differ from Pillow, this module does the work: it keeps the colours of transparent pixels, turns WebP
 * by its EXIF data, and refuses damaged JPEGs rather than show a part.
 */

import type { DecodedImage, DecodeRules } from '../../images/decode-options.js';
import {
  type Channels,
  convertColour,
  type Levels,
  losesLevels,
} from '../../images/formats/convert-colour.js';
import { type Header, isOwnFormat } from '../../images/formats/header.js';
import { withoutAlpha } from '../../images/formats/header-avif.js';
import { checkJpeg } from '../../images/formats/jpeg-check.js';
import { inverse, orient, swapsSides } from '../../images/formats/orientation.js';
import { readHeader } from '../../images/formats/read-header.js';
import { type Image, ImageError } from '../../images/image.js';
import { checkSize } from '../../images/limits.js';
import { readBitmap } from './bitmap.js';

/**
 * Decodes a picture by its content; a file name plays no part.
 *
 * @returns pixels as H × W × channels bytes, turned upright
 * @throws ImageError when the bytes are no picture, too large a one, damaged, or of a kind this browser cannot show
 *
 * @example
 * const { width, height, data } = await decodeImage(new Uint8Array(await file.arrayBuffer()));
 */
export async function decodeImage(
  bytes: Uint8Array,
  { exif = true, maxPixels, channels = 3, levels = 'scaled' }: DecodeRules = {},
): Promise<DecodedImage> {
  const header = readHeader(bytes);
  const { format, orientation } = header;
  checkSize(header, maxPixels);
  if (format === 'jpeg') checkJpeg(bytes);
  const own = await decodeHere(bytes, header, { channels, levels });
  const image = own ?? (await decodeWithBrowser(bytes, header, channels));
  const isTurned = !own && turnsByItself(format);
  const turn = exif ? (isTurned ? 1 : orientation) : isTurned ? inverse(orientation) : 1;
  return { ...orient(image, turn), format, orientation, isClipped: own?.isClipped ?? false };
}

/** Browsers turn every picture but WebP, where some do, and cannot be kept from it. */
const turnsByItself = (format: Header['format']): boolean => format !== 'webp';

/** Decodes the kinds that browsers cannot read, or read otherwise than Pillow; undefined for all others. */
async function decodeHere(
  bytes: Uint8Array,
  header: Header,
  { channels, levels }: { channels: Channels; levels: Levels },
): Promise<(Image & { isClipped: boolean }) | undefined> {
  const { format, colour, alpha, depth } = header;
  // Browsers keep the upper half of 16 bits, as `scaled` does.
  const isClipped = format === 'png' && colour === 'grey' && !alpha && depth === 16 && levels === 'pillow';
  if (!isClipped && !isOwnFormat(format)) return undefined;
  // Few pages meet these, so that the others do not load what decodes them.
  const samples = isOwnFormat(format)
    ? (await import('../../images/formats/own-decoders.js')).decodeOwn(bytes, format)
    : await (await import('../../images/formats/png.js')).decodePng(bytes);
  return {
    ...convertColour(samples, header, { channels, levels }),
    isClipped: levels === 'pillow' && losesLevels(samples, header),
  };
}

async function decodeWithBrowser(bytes: Uint8Array, header: Header, channels: Channels): Promise<Image> {
  const { format, orientation } = header;
  const hidesAlpha = format === 'avif' && header.alpha && channels !== 4;
  const shown = format === 'webp' ? hideExif(bytes) : hidesAlpha ? withoutAlpha(bytes) : bytes;
  const bitmap = await createBitmap(shown, format);
  try {
    const swaps = turnsByItself(format) && swapsSides(orientation);
    const [width, height] = swaps ? [header.height, header.width] : [header.width, header.height];
    if (bitmap.width !== width || bitmap.height !== height)
      throw new ImageError(
        'damaged',
        `${bitmap.width}×${bitmap.height} pixels under a header of ${width}×${height}`,
      );
    const image = readBitmap(bitmap, channels === 4 ? 4 : 3);
    return convertColour(
      image,
      { colour: 'rgb', alpha: image.channels === 4 },
      { channels, levels: 'scaled' },
    );
  } finally {
    bitmap.close();
  }
}

async function createBitmap(bytes: Uint8Array, format: Header['format']): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]), {
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
    throw new ImageError(
      'damaged',
      `${format === 'avif' ? 'an' : 'a'} ${format.toUpperCase()} that this browser cannot decode`,
      { cause },
    );
  }
}

/** Some browsers turn WebP pictures by their EXIF data and some do not; none does once the chunk has another name. */
function hideExif(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 12; at + 8 <= copy.length; ) {
    const length = view.getUint32(at + 4, true);
    if (String.fromCharCode(...copy.subarray(at, at + 4)) === 'EXIF') copy[at] = 'x'.charCodeAt(0);
    at += 8 + length + (length & 1);
  }
  return copy;
}
