import { Jimp } from 'jimp';
import { decodeImage, readPicture } from '#platform';
import type { Image } from '../../images/image.js';
import { resize } from '../../images/resample/resample.js';
import { drawLabel, type Label, type LetterHeight } from './label.js';
import type { Neighbour } from './neighbours.js';

/** A strip of pictures, RGBA. */
export interface Strip {
  readonly width: number;
  readonly height: number;
  readonly data: Buffer;
}

const [red, black] = [0xff0000ff, 0x000000ff];
const gap = 8;

/**
 * Draws pictures side by side, each with its class and its similarity below. A picture that is no longer there, or
 * cannot be read, leaves its place black.
 *
 * @param width of the strip in pixels
 */
export async function drawNeighbours(
  neighbours: readonly Neighbour[],
  { width, maxPixels }: { width: number; maxPixels?: number },
): Promise<Strip> {
  const letters: LetterHeight = width >= 900 ? 32 : 16;
  const side = Math.max(
    1,
    Math.floor((width - gap * (neighbours.length + 1)) / Math.max(1, neighbours.length)),
  );
  const height = side + letters + 3 * gap;
  const canvas = new Jimp({ width, height, color: black });
  for (const [i, { path, label, similarity }] of neighbours.entries()) {
    const left = gap + i * (side + gap);
    const picture = await readPicture(path)
      .then((bytes) => decodeImage(bytes, { exif: true, maxPixels }))
      .catch(() => null);
    if (picture) {
      const { image, x, y } = fit(picture, side);
      const { width: w, height: h } = image;
      const shown = Jimp.fromBitmap({ width: w, height: h, data: withAlpha(image) });
      canvas.composite(shown, left + x, gap + y);
    }
    const caption = await drawLabel(`${label} ${similarity.toFixed(2)}`, letters);
    canvas.composite(toRed(caption, side), left, side + 2 * gap);
  }
  return { width, height, data: canvas.bitmap.data as Buffer };
}

/** The picture as large as a square allows, and where in it it lies. */
function fit(picture: Image, side: number): { image: Image; x: number; y: number } {
  const scale = side / Math.max(picture.width, picture.height);
  const size = [picture.height, picture.width].map((length) => Math.max(1, Math.round(length * scale)));
  const [height = 1, width = 1] = size;
  const image = resize(picture, { size: [height, width], interpolation: 'bilinear' });
  return { image, x: Math.floor((side - width) / 2), y: Math.floor((side - height) / 2) };
}

function withAlpha({ data, width, height }: Image): Buffer {
  const pixels = Buffer.alloc(width * height * 4, 255);
  for (let i = 0; i < width * height; i++) pixels.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  return pixels;
}

/** Red where the text covers the picture; cut off where it is wider than its place. */
function toRed({ width, height, coverage }: Label, most: number) {
  const shown = Math.min(width, most);
  const data = Buffer.alloc(shown * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < shown; x++)
      data.writeUInt32BE(((red & ~0xff) | (coverage[y * width + x] ?? 0)) >>> 0, 4 * (y * shown + x));
  return Jimp.fromBitmap({ width: shown, height, data });
}
