/** Refuses pictures by their size alone, before anything is decoded. */
import type { Header } from './formats/header.js';
import { ImageError } from './image.js';

/** The most pixels a picture may have, where a caller does not say otherwise. */
export const defaultMaxPixels = 100e6;

/** The longest side of a picture: that of JPEG and GIF. Of other formats, longer ones are strips, not photos. */
const longestSide = 65_535;

/**
 * How often a pixel counts. AVIF takes 15 to 18 bytes a pixel, and 24 where its samples have more than 8 bits; all other
 * formats take less than 12.
 */
const weightOf = ({ format, depth }: Pick<Header, 'format' | 'depth'>): number =>
  format !== 'avif' ? 1 : depth > 8 ? 2.5 : 2;

/**
 * @throws ImageError when a picture has more than `maxPixels` pixels, half of them for an AVIF, or a side beyond 65,535
 */
export function checkSize(
  header: Pick<Header, 'format' | 'width' | 'height' | 'depth'>,
  maxPixels = defaultMaxPixels,
): void {
  const { format, width, height } = header;
  const most = maxPixels / weightOf(header);
  if (width * height > most)
    throw new ImageError(
      'too large',
      `${format === 'avif' ? 'an AVIF of ' : ''}${width}×${height} pixels, more than ${most}`,
      { hint: 'allow more with `maxPixels`.' },
    );
  if (Math.max(width, height) > longestSide)
    throw new ImageError('too large', `${width}×${height} pixels, a side longer than ${longestSide}`, {
      hint: 'cut it into pieces.',
    });
}
