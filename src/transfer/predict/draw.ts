import { extname } from 'node:path';
import { Jimp } from 'jimp';
import { writeFile } from '#platform';
import { type Heatmap, renderHeat } from '../../images/heatmap.js';
import type { Image } from '../../images/image.js';
import type { FileResult } from './classify-protocol.js';
import { drawNeighbours } from './draw-neighbours.js';
import { drawLabel, type Label, type LetterHeight } from './label.js';

/** What is drawn of a result. */
export type Drawn = Pick<FileResult, 'predictions'> & Partial<FileResult>;

const red = 0xff0000ff;
const black = 0x000000ff;

/** Letters of a height that suits the picture. */
const lettersFor = (side: number): LetterHeight => (side >= 900 ? 64 : side >= 360 ? 32 : 16);

/**
 * Writes a picture with a black border above and to the right, and its label in red; several faces are framed, each
 * with its own. Where the model looked, heat is laid over the picture. The training pictures that it is most like
 * stand below it.
 *
 * The article does this with OpenCV's `copyMakeBorder` and `putText`.
 */
export async function saveLabelled(
  image: Image,
  results: readonly Drawn[],
  path: string,
  { heatmaps = [], maxPixels }: { heatmaps?: readonly Heatmap[]; maxPixels?: number } = {},
): Promise<void> {
  const { width, height } = image;
  const letters = lettersFor(Math.min(width, height));
  const captions = results.map(captionOf);
  const padding = Math.round(letters / 4);
  const title = await drawLabel(captions[0] ?? '', letters);
  const border = letters + 2 * padding;
  const right = Math.max(border, title.width + 2 * padding - width);

  const near = results[0]?.neighbours ?? [];
  const strip = near.length > 0 ? await drawNeighbours(near, { width: width + right, maxPixels }) : null;
  const whole = { width: width + right, height: height + border + (strip?.height ?? 0) };
  const canvas = new Jimp({ ...whole, color: black });
  if (strip) canvas.composite(Jimp.fromBitmap(strip), 0, height + border);
  canvas.composite(Jimp.fromBitmap({ width, height, data: withAlpha(image) }), 0, border);
  if (heatmaps.length > 0) {
    const { data } = renderHeat(heatmaps, image);
    canvas.composite(Jimp.fromBitmap({ width, height, data: Buffer.from(data.buffer) }), 0, border);
  }
  for (const [i, { box }] of results.entries()) {
    if (!box) continue;
    frame(canvas, box, border, Math.max(2, Math.round(letters / 16)));
    // Of several faces each has its name above it.
    if (results.length === 1) continue;
    const tag = await drawLabel(captions[i] ?? '', letters === 64 ? 32 : 16);
    const above = Math.max(border, Math.round(box[1]) + border - tag.height - 4);
    canvas.composite(inRed(tag), Math.round(box[0]), above);
  }
  canvas.composite(inRed(title), padding, Math.round((border - title.height) / 2));

  const isJpeg = /^\.jpe?g$/i.test(extname(path));
  await writeFile(
    path,
    isJpeg ? await canvas.getBuffer('image/jpeg', { quality: 90 }) : await canvas.getBuffer('image/png'),
  );
}

/** `Ada 98.2%`, `unknown (Ada 98.2%)`, `no face (Ada 98.2%)`. */
function captionOf({ predictions: [best], doubt, lacksFace }: Drawn): string {
  if (!best) return '';
  const nearest = `${best.label} ${(best.probability * 100).toFixed(1)}%`;
  if (doubt) return `${doubt === 'no face' ? doubt : 'unknown'} (${nearest})`;
  return `${nearest}${lacksFace ? ' (no face found)' : ''}`;
}

/** Red where the text covers the picture, else nothing. */
function inRed({ width, height, coverage }: Label) {
  const data = Buffer.alloc(width * height * 4);
  for (const [i, alpha] of coverage.entries()) data.set([255, 0, 0, alpha], 4 * i);
  return Jimp.fromBitmap({ width, height, data });
}

function withAlpha({ data, width, height }: Image): Buffer {
  const pixels = Buffer.alloc(width * height * 4, 255);
  for (let i = 0; i < width * height; i++) pixels.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  return pixels;
}

/** A red rectangle around a face. */
function frame(
  canvas: { width: number; height: number; setPixelColor(colour: number, x: number, y: number): unknown },
  [left, top, right, bottom]: readonly [number, number, number, number],
  offset: number,
  thickness: number,
): void {
  const [x0, x1] = [Math.round(left), Math.round(right)];
  const [y0, y1] = [Math.round(top) + offset, Math.round(bottom) + offset];
  const dot = (x: number, y: number) => {
    if (x >= 0 && y >= offset && x < canvas.width && y < canvas.height) canvas.setPixelColor(red, x, y);
  };
  for (let line = 0; line < thickness; line++) {
    for (let x = x0; x <= x1; x++) {
      dot(x, y0 + line);
      dot(x, y1 - line);
    }
    for (let y = y0; y <= y1; y++) {
      dot(x0 + line, y);
      dot(x1 - line, y);
    }
  }
}
