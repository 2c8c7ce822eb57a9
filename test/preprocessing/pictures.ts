import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { Image } from '../../src/images/image.js';
import { RandomState } from '../../src/keras/random/random-state.js';

/** A picture that is smooth here and noisy there, so that every transform shows. */
export function drawPicture(seed: number, width: number, height: number, channels: 1 | 3 | 4): Image {
  const random = new RandomState(seed);
  const data = new Uint8Array(width * height * channels);
  const [across, down, noise] = [random.uniform(-4, 4), random.uniform(-4, 4), random.uniform(0, 40)];
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++) {
        const level = 128 + across * (x - width / 2) + down * (y - height / 2) + 20 * channel;
        data[at++] = Math.min(Math.max(level + random.uniform(-noise, noise), 0), 255);
      }
  return { width, height, channels, data };
}

/** Names that sort differently by bytes, by UTF-16 units and by locale; in sub-folders, too. */
const files = [
  'b/2.png',
  'b/10.png',
  'b/A.PNG',
  'b/a.png',
  'b/inner/z.png',
  'b/inner-2/y.png',
  'B/ä.png',
  'B/z.png',
  'B/𐀀.png',
  'B/ｚ.png',
  'B/nodotpng',
  '10/one.png',
  '10/two.jpg',
  '9/three.bmp',
  '9/four.tiff',
];

/** Makes a folder of classes with small pictures of all kinds, and things that are none. */
export async function makePictureFolder(
  folder: string,
  { jpeg = 'jpeg' as 'jpeg' | 'png' } = {},
): Promise<void> {
  for (const [i, file] of files.entries()) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    const channels = ([3, 3, 4, 1] as const)[i % 4]!;
    const { data, width, height } = drawPicture(i, 20 + i, 34 - i, channels);
    const picture = sharp(data, { raw: { width, height, channels } });
    if (channels === 1) picture.toColourspace('b-w');
    const format = file.endsWith('jpg') ? jpeg : file.endsWith('tiff') ? 'tiff' : 'png';
    await (format === 'tiff' ? picture.tiff({ compression: 'none' }) : picture.toFormat(format)).toFile(path);
  }
  mkdirSync(join(folder, 'empty'));
  mkdirSync(join(folder, 'b/folder.png'));
  symlinkSync('b', join(folder, 'linked'));
  symlinkSync('../b/inner', join(folder, '9/inner'));
  await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } }).toFile(
    join(folder, 'loose.png'),
  );
}
