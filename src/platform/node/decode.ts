/**
 * Picture files to pixels, in Node.
 *
 * What comes out is what Pillow's `Image.open(file).convert('RGB')` gives, whatever the file holds:
 * - alpha and transparent colours are dropped, not blended: the colour beneath shows;
 * - grey becomes R = G = B; a palette gives its colours; colour profiles are ignored;
 * - CMYK: R = (255 − C)(255 − K) / 255, and so on, as `convert.c` rounds it;
 * - 16 bits a sample: the upper 8, but grey without alpha is clipped at 255, which makes most of it white: that is
 *   what Pillow does with its mode `I;16`;
 * - of animations and many pages, the first.
 *
 * sharp decodes JPEG, PNG, WebP and TIFF where it loads, with libjpeg-turbo as Pillow does and always at full size,
 * since shrinking on load changes pixels. Where it does not, Jimp decodes JPEG, with other colours between the pixels
 * that JPEG shares them among, png.ts PNG, and WebP and TIFF are refused. GIF, BMP and Netpbm need no library.
 */

import { type Channels, convert } from '../../images/formats/convert-colour.js';
import { type Header, readHeader } from '../../images/formats/header.js';
import { checkJpeg } from '../../images/formats/jpeg-check.js';
import { orient, swapsSides } from '../../images/formats/orientation.js';
import { type Image, ImageError } from '../../images/image.js';
import { type Decoder, decodeStored } from './decode-stored.js';

export interface DecodeOptions {
  /** Turn the picture upright as its EXIF data says. TIFFs are always turned, as in Pillow. Default: true. */
  exif?: boolean;
  /** The most pixels a picture may have; asked before it is decoded. Default: 100 megapixels. */
  maxPixels?: number;
  /** 3: RGB, 4: RGBA, 1: grey by Pillow's `convert('L')`. Default: 3. */
  channels?: Channels;
  /** Which library decodes. Default: sharp where it loads, else Jimp. */
  decoder?: Decoder;
}

export interface DecodedImage extends Image, Pick<Header, 'format' | 'orientation'> {}

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
  { exif = true, maxPixels = 100e6, channels = 3, decoder = 'auto' }: DecodeOptions = {},
): Promise<DecodedImage> {
  const header = readHeader(bytes);
  const { format, width, height, orientation } = header;
  if (width * height > maxPixels)
    throw new ImageError('too large', `${width}×${height} pixels, more than ${maxPixels}`, {
      hint: 'allow more with maxPixels, on the command line with --max-pixels.',
    });
  if (format === 'jpeg') checkJpeg(bytes);
  const stored = await decodeStored(bytes, header, decoder);
  if (stored.width !== width || stored.height !== height)
    throw new ImageError(
      'damaged',
      `${stored.width}×${stored.height} pixels under a header of ${width}×${height}`,
    );
  const image = convert(stored, header, channels);
  const upright = exif || format === 'tiff' ? orient(image, orientation) : image;
  return { ...upright, format, orientation };
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
