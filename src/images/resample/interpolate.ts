/**
 * `tf.image.resize` without antialiasing, for `image_dataset_from_directory`. Unlike Pillow's filters it reads
 * the nearest two pixels a side only, however much the picture shrinks, and keeps fractions of levels.
 */
import type { Image } from '../image.js';

export type InterpolationMethod = 'bilinear' | 'nearest';

/** The two pixels that an output position lies between, and how far it is from the first to the second. */
interface Position {
  readonly lower: number;
  readonly upper: number;
  readonly share: number;
}

/**
 * Stretches a picture.
 *
 * @returns levels as float32, height × width × channels
 */
export function interpolate(
  { data, width: inWidth, height: inHeight, channels }: Image,
  [height, width]: readonly [number, number],
  method: InterpolationMethod,
): Float32Array {
  const rows = positions(inHeight, height, method);
  const columns = positions(inWidth, width, method);
  const out = new Float32Array(height * width * channels);
  let at = 0;
  for (const row of rows)
    for (const column of columns)
      for (let channel = 0; channel < channels; channel++) {
        const level = (y: number, x: number) => data[(y * inWidth + x) * channels + channel]!;
        const top = between(level(row.lower, column.lower), level(row.lower, column.upper), column.share);
        const bottom = between(level(row.upper, column.lower), level(row.upper, column.upper), column.share);
        out[at++] = between(top, bottom, row.share);
      }
  return out;
}

const between = (a: number, b: number, share: number): number =>
  Math.fround(a + Math.fround(Math.fround(b - a) * share));

/** Pixel centres lie at halves, in float32 as TensorFlow computes them. */
function positions(inSize: number, outSize: number, method: InterpolationMethod): Position[] {
  const scale = Math.fround(inSize / outSize);
  const last = inSize - 1;
  return Array.from({ length: outSize }, (_, i) => {
    const centre = Math.fround((i + 0.5) * scale);
    if (method === 'nearest') {
      const pixel = Math.min(Math.floor(centre), last);
      return { lower: pixel, upper: pixel, share: 0 };
    }
    const x = Math.fround(centre - 0.5);
    const lower = Math.floor(x);
    return {
      lower: Math.max(lower, 0),
      upper: Math.min(Math.ceil(x), last),
      share: Math.fround(x - lower),
    };
  });
}
