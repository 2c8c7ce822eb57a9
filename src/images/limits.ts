/** Refuses pictures by their size alone, before anything is decoded. */
import { ImageError } from './image.js';

/** The most pixels a picture may have, where a caller does not say otherwise. */
export const defaultMaxPixels = 100e6;

/** The longest side of a picture: that of JPEG and GIF. Of other formats, longer ones are strips, not photos. */
const longestSide = 65_535;

/** @throws ImageError when a picture has more than `maxPixels` pixels, or a side beyond 65,535 */
export function checkSize(
  { width, height }: { readonly width: number; readonly height: number },
  maxPixels = defaultMaxPixels,
): void {
  if (width * height > maxPixels)
    throw new ImageError('too large', `${width}×${height} pixels, more than ${maxPixels}`, {
      hint: 'allow more with `maxPixels`.',
    });
  if (Math.max(width, height) > longestSide)
    throw new ImageError('too large', `${width}×${height} pixels, a side longer than ${longestSide}`, {
      hint: 'cut it into pieces.',
    });
}
