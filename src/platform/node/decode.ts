/**
 * Picture files to pixels, in Node.
 *
 * The pixels are those of Pillow's `Image.open(file).convert('RGB')`, for every kind of file:
 * - alpha and transparent colours are dropped, not blended: the colour beneath shows;
 * - grey becomes R = G = B; a palette gives its colours; colour profiles are ignored;
 * - CMYK: R = (255 − C)(255 − K) / 255, and so on, as `convert.c` rounds it;
 * - 16 bits a sample: the upper 8; floats from 0 to 1: times 255. Here Pillow clips grey instead, and so does this
 *   with `levels: 'pillow'`;
 * - of animations and many pages, the first.
 *
 * sharp decodes JPEG, PNG, WebP and TIFF where it loads, with libjpeg-turbo as Pillow does and always at full size,
 * since shrinking on load changes pixels. Where it does not, Jimp decodes JPEG, with other colours between the pixels
 * that JPEG shares them among, png.ts PNG, and WebP and TIFF are refused. GIF, BMP and Netpbm need no library.
 */

import type { DecodedImage, DecodeRules } from '../../images/decode-options.js';
import { convertColour, losesLevels } from '../../images/formats/convert-colour.js';
import type { Header } from '../../images/formats/header.js';
import { checkJpeg } from '../../images/formats/jpeg-check.js';
import { inverse, orient, swapsSides } from '../../images/formats/orientation.js';
import { readHeader } from '../../images/formats/read-header.js';
import { ImageError } from '../../images/image.js';
import { checkSize } from '../../images/limits.js';
import { type Decoder, decodeStored } from './decode-stored.js';

export interface DecodeOptions extends DecodeRules {
  /** Which library decodes. Default: sharp where it loads, else Jimp. */
  decoder?: Decoder;
}

/**
 * Decodes a picture by its content; a file name plays no part.
 *
 * @returns pixels as H × W × channels bytes, turned upright
 * @throws ImageError when the bytes are no picture, too large a one, damaged or truncated
 *
 * @example
 * const { width, height, data } = await decodeImage(await readFile('cat.jpg'));
 */
export async function decodeImage(
  bytes: Uint8Array,
  { exif = true, maxPixels, channels = 3, levels = 'scaled', decoder = 'auto' }: DecodeOptions = {},
): Promise<DecodedImage> {
  const header = readHeader(bytes);
  const { format, width, height, orientation } = header;
  checkSize(header, maxPixels);
  if (levels === 'scaled') checkScalable(header);
  if (format === 'jpeg') checkJpeg(bytes);
  const stored = await decodeStored(bytes, header, { decoder, levels, channels });
  const { isUpright = false } = stored;
  const [wide, high] = isUpright && swapsSides(orientation) ? [height, width] : [width, height];
  if (stored.width !== wide || stored.height !== high)
    throw new ImageError(
      'damaged',
      `${stored.width}×${stored.height} pixels under a header of ${wide}×${high}`,
    );
  const image = convertColour(stored, header, { channels, levels });
  const wantsUpright = exif || format === 'tiff';
  const turn = wantsUpright === isUpright ? 1 : wantsUpright ? orientation : inverse(orientation);
  return {
    ...orient(image, turn),
    format,
    orientation,
    isClipped: levels === 'pillow' && losesLevels(stored, header),
  };
}

/** @throws ImageError when the numbers have no range that could be scaled */
function checkScalable({ format, depth, numbers }: Header): void {
  if (numbers === 'signed' || (depth > 16 && numbers !== 'float'))
    throw new ImageError(
      'unsupported',
      `a ${format.toUpperCase()} of ${numbers === 'signed' ? 'signed integers' : `${depth}-bit integers`}`,
      { hint: 'save it with 8 or 16 bits a sample, or with floats from 0 to 1.' },
    );
}

/**
 * A picture's size as it will be decoded, and its format, from the header alone.
 *
 * @throws ImageError as `decodeImage` does for a bad header
 */
export function readImageInfo(
  bytes: Uint8Array,
  { exif = true }: Pick<DecodeOptions, 'exif'> = {},
): Pick<DecodedImage, 'format' | 'width' | 'height' | 'orientation'> {
  const { format, width, height, orientation } = readHeader(bytes);
  const turned = (exif || format === 'tiff') && swapsSides(orientation);
  return { format, orientation, ...(turned ? { width: height, height: width } : { width, height }) };
}
