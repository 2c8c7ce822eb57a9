import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { seededNumbers } from '../export/seeded-classifier.js';

/** A picture file, by name. */
export type Picture = readonly [name: string, bytes: Uint8Array];

/** Soft blobs with fine noise on top: like a photo, it has both slopes and detail. */
function scene(width: number, height: number, channels: 1 | 3 | 4, seed: number): Sharp {
  const blobs = Array.from({ length: 6 }, (_, i) => {
    const [x, y, size, ...colour] = seededNumbers(7, seed * 10 + i);
    return {
      x: ((x! + 1) / 2) * width,
      y: ((y! + 1) / 2) * height,
      size: (size! + 1.4) * 0.2 * width,
      colour,
    };
  });
  const noise = seededNumbers(4096, seed, 12);
  const data = Buffer.alloc(width * height * channels);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++, at++) {
        if (c === 3) {
          data[at] = x < width / 3 ? 0 : x < (2 * width) / 3 ? 100 : 255;
          continue;
        }
        let level = 128 + noise[(at * 7 + y) % noise.length]!;
        for (const blob of blobs)
          level +=
            120 * blob.colour[c]! * Math.exp(-((x - blob.x) ** 2 + (y - blob.y) ** 2) / blob.size ** 2 / 2);
        data[at] = Math.max(0, Math.min(255, level));
      }
  return sharp(data, { raw: { width, height, channels } });
}

let drawn: Promise<Picture[]> | undefined;

/** Pictures of every kind that cameras, phones and programs make, the same in every run. */
export function drawPictures(): Promise<Picture[]> {
  drawn ??= drawAll();
  return drawn;
}

async function drawAll(): Promise<Picture[]> {
  const turned = (orientation: number) => ({ orientation });
  const { data, info } = await scene(61, 43, 3, 12).raw().toBuffer({ resolveWithObject: true });
  const made: [name: string, bytes: Uint8Array | Promise<Uint8Array>][] = [
    ['photo.jpg', scene(640, 480, 3, 1).jpeg({ quality: 85 }).toBuffer()],
    [
      'progressive-444.jpg',
      scene(333, 251, 3, 2).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
    ],
    ['exif-6.jpg', scene(400, 300, 3, 3).withMetadata(turned(6)).jpeg().toBuffer()],
    ['exif-3.jpg', scene(400, 300, 3, 4).withMetadata(turned(3)).jpeg().toBuffer()],
    ['display-p3.jpg', scene(400, 300, 3, 18).withIccProfile('p3').jpeg().toBuffer()],
    ['large.jpg', scene(1000, 700, 3, 5).resize(5000, 3500).jpeg().toBuffer()],
    ['grey.jpg', scene(320, 240, 1, 6).toColourspace('b-w').jpeg().toBuffer()],
    ['alpha.png', scene(320, 240, 4, 7).png().toBuffer()],
    ['wide-alpha.png', scene(4500, 60, 4, 8).png().toBuffer()],
    ['grey.png', scene(320, 240, 1, 9).toColourspace('b-w').png().toBuffer()],
    ['palette.png', scene(320, 240, 3, 10).png({ palette: true, colours: 32 }).toBuffer()],
    ['16-bit.png', scene(320, 240, 3, 11).toColourspace('rgb16').png().toBuffer()],
    [
      '16-bit-grey.png',
      sharp(dark16(), { raw: { width: 256, height: 16, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer(),
    ],
    ['exif-5.png', scene(320, 240, 3, 13).withMetadata(turned(5)).png().toBuffer()],
    ['one-pixel.png', scene(1, 1, 3, 14).png().toBuffer()],
    ['lossy.webp', scene(320, 240, 3, 15).webp().toBuffer()],
    ['exif-8-alpha.webp', scene(320, 240, 4, 16).withMetadata(turned(8)).webp({ lossless: true }).toBuffer()],
    ['turned-6.avif', scene(320, 240, 3, 20).withMetadata(turned(6)).avif({ lossless: true }).toBuffer()],
    ['turned-7-alpha.avif', scene(99, 75, 4, 21).withMetadata(turned(7)).avif({ lossless: true }).toBuffer()],
    ['still.gif', scene(320, 240, 3, 17).gif().toBuffer()],
    ['small-frame.gif', drawSmallFrame()],
    ['picture.bmp', encodeBmp(data, info.width, info.height)],
    ['picture.ppm', Buffer.concat([Buffer.from(`P6\n${info.width} ${info.height}\n255\n`), data])],
  ];
  return Promise.all(made.map(async ([name, bytes]) => [name, await bytes] as const));
}

/** AVIFs that lose detail. Decoders round their colours in two ways. */
export async function drawLossyAvifs(): Promise<Picture[]> {
  return [
    ['photo.avif', await scene(320, 240, 3, 19).avif({ quality: 70 }).toBuffer()],
    ['turned-8.avif', await scene(321, 241, 3, 22).withMetadata({ orientation: 8 }).avif().toBuffer()],
    ['420.avif', await scene(320, 240, 3, 19).avif({ quality: 70, chromaSubsampling: '4:2:0' }).toBuffer()],
    ['10-bit.avif', await scene(64, 48, 3, 23).avif({ bitdepth: 10 }).toBuffer()],
  ];
}

/** 16-bit levels from 0 to 1023: most of them above 255, where Pillow clips, and none of them light. */
const dark16 = (): Uint16Array => Uint16Array.from({ length: 4096 }, (_, i) => i >> 2);

/** A GIF of 40 × 30 pixels with a frame of one: Pillow fills the rest with the first colour, browsers with none. */
const drawSmallFrame = (): Buffer =>
  Buffer.concat([
    Buffer.from('GIF89a'),
    Buffer.of(40, 0, 30, 0, 0x80, 0, 0, 255, 32, 16, 0, 64, 128),
    Buffer.of(0x2c, 3, 0, 2, 0, 1, 0, 1, 0, 0, 2, 2, 0x4c, 1, 0, 0x3b),
  ]);

/** 24 bits, bottom-up, rows padded to four bytes. */
function encodeBmp(rgb: Buffer, width: number, height: number): Buffer {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const file = Buffer.alloc(54 + stride * height);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        file[54 + (height - 1 - y) * stride + x * 3 + c] = rgb[(y * width + x) * 3 + 2 - c]!;
  return file;
}

const shared = new URL('../../../../shared/', import.meta.url).pathname;

/** The pictures of `../shared/images-awkward` that must load, and a few photos; none where that is absent. */
export function readSharedPictures(): Picture[] {
  const folders = ['images-awkward', 'datasets/trashnet-mini/test/glass', 'datasets/orl-faces/test/s01'];
  return folders.flatMap((folder) => {
    const path = join(shared, folder);
    if (!existsSync(path)) return [];
    const names = readdirSync(path).filter((name) => folder !== 'images-awkward' || name.startsWith('ok'));
    return names
      .slice(0, folder === 'images-awkward' ? undefined : 5)
      .map((name) => [name, readFileSync(join(path, name))] as const);
  });
}
