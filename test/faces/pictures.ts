/** Pictures of faces that the npm package `@vladmandic/human` carries in its documentation. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { copyRectangle } from '../../src/images/faces.js';
import type { Image } from '../../src/images/image.js';
import { decodeImage } from '../../src/platform/node/decode.js';

const assets = new URL('../assets/', import.meta.resolve('@vladmandic/human'));

/** A picture of the package, in RGB. */
export const readAsset = async (file: string): Promise<Image> =>
  decodeImage(await readFile(fileURLToPath(new URL(file, assets))), { channels: 3 });

/** Twenty faces, each in a picture of 104 × 104 pixels, in a table of the screenshot. */
export async function readTwentyFaces(): Promise<Image[]> {
  const table = await readAsset('screenshot-facematch.jpg');
  return Array.from({ length: 20 }, (_, i) => {
    const [column, row] = [i % 5, Math.floor(i / 5)];
    return copyRectangle(table, {
      left: Math.round(2 + column * 106.6),
      top: 285 + row * 112,
      width: 104,
      height: 104,
    });
  });
}

/** A picture of one level, mid grey unless told, with others laid into it. */
export function collage(
  width: number,
  height: number,
  parts: readonly { readonly image: Image; readonly left: number; readonly top: number }[],
  level = 128,
): Image {
  const data = new Uint8Array(width * height * 3).fill(level);
  for (const { image, left, top } of parts)
    for (let row = 0; row < image.height; row++)
      data.set(
        image.data.subarray(row * image.width * 3, (row + 1) * image.width * 3),
        ((top + row) * width + left) * 3,
      );
  return { width, height, channels: 3, data };
}
