import { affine } from '../images/affine.js';
import type { Image } from '../images/image.js';
import { RandomState } from '../keras/random/random-state.js';

/** How far a view may differ from its picture. */
const ranges = {
  /** Degrees, either way. */
  rotation: 12,
  /** Share of height and width, either way. */
  shift: 0.08,
  /** Factors 1 ± this. */
  zoom: 0.12,
  /** Levels are multiplied by 1 ± this. */
  brightness: 0.15,
} as const;

/**
 * The `index`-th view of a picture: 0 is the picture itself, the others are turned, moved, zoomed, mirrored and lit
 * at random, always the same for the same content and seed.
 *
 * @param content hash of the picture's file, in hexadecimal
 */
export function viewOf(
  image: Image,
  index: number,
  { seed, content }: { seed: number; content: string },
): Image {
  if (index === 0) return image;
  const words = (content.slice(0, 24).match(/.{8}/g) ?? []).map((word) => Number.parseInt(word, 16));
  const random = new RandomState([seed, index, ...words]);
  const around = (range: number) => random.uniform(-range, range);
  const angle = (around(ranges.rotation) * Math.PI) / 180;
  const [rowShift, columnShift] = [around(ranges.shift) * image.height, around(ranges.shift) * image.width];
  const zoom = 1 + around(ranges.zoom);
  const mirror = random.uniform() < 0.5 ? -1 : 1;
  const light = 1 + around(ranges.brightness);

  // An output pixel is read at M · (pixel − centre) + centre + shift.
  const [sine, cosine] = [Math.sin(angle) * zoom, Math.cos(angle) * zoom];
  const matrix = [cosine, -sine * mirror, sine, cosine * mirror] as const;
  const [row, column] = [(image.height - 1) / 2, (image.width - 1) / 2];
  const offset = [
    row - matrix[0] * row - matrix[1] * column + rowShift,
    column - matrix[2] * row - matrix[3] * column + columnShift,
  ] as const;
  const moved = affine(image, matrix, offset, { fillMode: 'nearest' });
  const levels = Uint8ClampedArray.from({ length: 256 }, (_, level) => level * light);
  return { ...image, data: moved.data.map((level) => levels[level] ?? 0) };
}
