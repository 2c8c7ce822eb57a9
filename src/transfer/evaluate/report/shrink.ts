/** Pictures made small for a report: with sharp as WebP, where that does not load with Jimp as JPEG. */
import { type DecodeOptions, decodeImage, readImageInfo } from '#platform';
import type { Image } from '../../../images/image.js';
import { resize } from '../../../images/resample/resample.js';
import type { SmallPicture } from './report.js';

const quality = 60;

const loadSharp = () =>
  import('sharp').then(
    ({ default: sharp }) => sharp,
    () => null,
  );

/**
 * A picture file in small, upright.
 *
 * @param side the most pixels of width and height; smaller pictures stay as they are
 * @throws ImageError when it is no picture
 */
export async function shrinkFile(
  bytes: Uint8Array,
  { side, exif, maxPixels }: { side: number } & Pick<DecodeOptions, 'exif' | 'maxPixels'>,
): Promise<SmallPicture> {
  const sharp = await loadSharp();
  // libjpeg decodes at an eighth of the size, which takes a tenth of the time.
  if (sharp && readImageInfo(bytes).format === 'jpeg') {
    const file = exif === false ? sharp(bytes) : sharp(bytes).rotate();
    const small = await file
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .webp({ quality })
      .toBuffer({ resolveWithObject: true })
      .catch(() => null);
    if (small) return asWebp(small.data, small.info);
  }
  return shrinkImage(await decodeImage(bytes, { exif, maxPixels }), { side });
}

/** Pixels in small, as a file. @param side the most pixels of width and height */
export async function shrinkImage(image: Image, { side }: { side: number }): Promise<SmallPicture> {
  const { width, height } = image;
  const scale = Math.min(1, side / Math.max(width, height));
  const size = [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))] as const;
  return encode(scale < 1 ? resize(image, { size, interpolation: 'bilinear' }) : image);
}

async function encode({ data, width, height, channels }: Image): Promise<SmallPicture> {
  const sharp = await loadSharp();
  if (sharp) {
    const file = await sharp(data, { raw: { width, height, channels } }).webp({ quality }).toBuffer();
    return asWebp(file, { width, height });
  }
  const { Jimp } = await import('jimp');
  const rgba = Buffer.alloc(width * height * 4, 255);
  for (let i = 0; i < width * height; i++)
    rgba.set(data.subarray(channels * i, channels * i + channels), 4 * i);
  const canvas = Jimp.fromBitmap({ width, height, data: rgba });
  const isOpaque = channels === 3;
  const file = isOpaque
    ? await canvas.getBuffer('image/jpeg', { quality: 75 })
    : await canvas.getBuffer('image/png');
  return { type: isOpaque ? 'image/jpeg' : 'image/png', bytes: new Uint8Array(file), width, height };
}

/** Bytes of their own: small buffers of Node share their memory, which threads hand over whole. */
const asWebp = (file: Buffer, { width, height }: { width: number; height: number }): SmallPicture => ({
  type: 'image/webp',
  bytes: new Uint8Array(file),
  width,
  height,
});
