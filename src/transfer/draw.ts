import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { Jimp, loadFont, measureText } from 'jimp';
import { SANS_16_WHITE, SANS_32_WHITE, SANS_64_WHITE } from 'jimp/fonts';
import { type Heatmap, renderHeat } from '../images/heatmap.js';
import type { Image } from '../images/image.js';
import type { FileResult } from './classify-worker.js';

const red = 0xff0000ff;
const black = 0x000000ff;

/** Letters of a height that suits the picture. */
const fonts = [
  { from: 900, file: SANS_64_WHITE, height: 64 },
  { from: 360, file: SANS_32_WHITE, height: 32 },
  { from: 0, file: SANS_16_WHITE, height: 16 },
];

/**
 * Writes a picture with a black border above and to the right, and its label in red; several faces are framed, each
 * with its own. Where the model looked, heat is laid over the picture.
 *
 * The article does this with OpenCV's `copyMakeBorder` and `putText`.
 */
export async function saveLabelled(
  image: Image,
  results: readonly FileResult[],
  path: string,
  { heatmaps = [] }: { heatmaps?: readonly Heatmap[] } = {},
): Promise<void> {
  const { width, height } = image;
  const { file, height: letters } = fonts.find(({ from }) => Math.min(width, height) >= from)!;
  const font = await loadFont(file);
  const captions = results.map(
    ({ predictions: [best] }) => `${best!.label} ${(best!.probability * 100).toFixed(1)}%`,
  );
  const padding = Math.round(letters / 4);
  const title = captions[0]!;
  const border = letters + 2 * padding;
  const right = Math.max(border, measureText(font, title) + 2 * padding - width);

  const canvas = new Jimp({ width: width + right, height: height + border, color: black });
  canvas.composite(Jimp.fromBitmap({ width, height, data: withAlpha(image) }), 0, border);
  if (heatmaps.length > 0) {
    const { data } = renderHeat(heatmaps, image);
    canvas.composite(Jimp.fromBitmap({ width, height, data: Buffer.from(data.buffer) }), 0, border);
  }
  const text = new Jimp({ width: canvas.width, height: canvas.height, color: 0 });
  text.print({ font, x: padding, y: padding, text: title });
  const small = fonts.at(-1)!;
  const tag = await loadFont(small.file);
  for (const [i, { box }] of results.entries()) {
    if (!box) continue;
    frame(canvas, box, border, Math.max(2, Math.round(letters / 16)));
    // Of several faces each has its name above it.
    const above = Math.max(border, Math.round(box[1]) + border - small.height - 4);
    if (results.length > 1) text.print({ font: tag, x: Math.round(box[0]), y: above, text: captions[i]! });
  }
  // The fonts are white; their shape is kept, their colour is not.
  for (let i = 0; i < text.bitmap.data.length; i += 4) text.bitmap.data.set([255, 0, 0], i);
  canvas.composite(text, 0, 0);

  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const bytes = /^\.jpe?g$/i.test(extname(path))
      ? await canvas.getBuffer('image/jpeg', { quality: 90 })
      : await canvas.getBuffer('image/png');
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
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
