import { type DecodeOptions, decodeImage } from '#platform';
import { resize } from '../../images/resample/resample.js';

/** Height and width of a thumbnail. */
const side = 16;

/** A whole picture as 16 × 16 levels of grey (256), their mean taken off, of length 1: dot products are correlations. */
export type Thumbnail = Float32Array;

export async function thumbnailOf(
  bytes: Uint8Array,
  options: Pick<DecodeOptions, 'exif' | 'maxPixels'>,
): Promise<Thumbnail> {
  const grey = await decodeImage(bytes, { ...options, channels: 1 });
  const { data } = resize(grey, { size: [side, side], interpolation: 'bilinear' });
  const mean = data.reduce((sum, level) => sum + level, 0) / data.length;
  const centred = Float32Array.from(data, (level) => level - mean);
  const length = Math.hypot(...centred) || 1;
  return centred.map((value) => value / length);
}

/** How alike two pictures look, from −1 to 1, the second as it is or mirrored. */
export function correlation(a: Thumbnail, b: Thumbnail): number {
  let [straight, mirrored] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    straight += a[i]! * b[i]!;
    mirrored += a[i]! * b[i - (i % side) + side - 1 - (i % side)]!;
  }
  return Math.max(straight, mirrored);
}
