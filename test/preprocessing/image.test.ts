import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { float32, int64 } from '../../src/graph/tensor.js';
import type { Image } from '../../src/images/image.js';
import {
  arrayToImg,
  type IntegerImage,
  imgToArray,
  loadImg,
  saveImg,
  toCategorical,
} from '../../src/keras/preprocessing/index.js';
import { encodeImage } from '../../src/platform/node/encode.js';
import { drawPicture } from './pictures.js';

const folder = mkdtempSync(join(tmpdir(), 'image-'));
test.after.always(() => rmSync(folder, { recursive: true }));

const pngOf = ({ data, width, height, channels }: Image) =>
  sharp(data, { raw: { width, height, channels } }).png().toBuffer();

const pixelsOf = ({ data, width, height, channels }: Image | IntegerImage) => ({
  width,
  height,
  channels,
  data: [...data],
});

test('loadImg reads a path or bytes, with the channels that colorMode names', async (t) => {
  const picture = drawPicture(1, 5, 3, 4);
  const path = join(folder, 'alpha.png');
  writeFileSync(path, await pngOf(picture));
  t.deepEqual(pixelsOf(await loadImg(path, { colorMode: 'rgba' })), pixelsOf(picture));
  const rgb = picture.data.filter((_, i) => i % 4 < 3);
  t.deepEqual(pixelsOf(await loadImg(readFileSync(path))), pixelsOf({ ...picture, channels: 3, data: rgb }));
  // Pillow: L = (19595 R + 38470 G + 7471 B + 0x8000) >> 16
  const grey = Uint8Array.from({ length: 15 }, (_, i) => {
    const [r, g, b] = rgb.subarray(3 * i) as unknown as [number, number, number];
    return (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16;
  });
  t.deepEqual(
    pixelsOf(await loadImg(path, { colorMode: 'grayscale' })),
    pixelsOf({ ...picture, channels: 1, data: grey }),
  );
});

test('loadImg stretches to targetSize, or cuts to its proportions first', async (t) => {
  const data = Uint8Array.from({ length: 6 * 2 * 3 }, (_, i) => Math.floor(i / 3) * 10);
  const png = await pngOf({ width: 6, height: 2, channels: 3, data });
  const reds = async (options: Parameters<typeof loadImg>[1]) => {
    const { data: levels, width, height } = await loadImg(png, options);
    return { width, height, reds: [...levels].filter((_, i) => i % 3 === 0) };
  };
  t.deepEqual(await reds({ targetSize: [1, 3] }), { width: 3, height: 1, reds: [70, 90, 110] });
  t.deepEqual(await reds({ targetSize: [1, 1], keepAspectRatio: true }), { width: 1, height: 1, reds: [90] });
  t.deepEqual(await reds({ targetSize: [1, 1], interpolation: 'box' }), { width: 1, height: 1, reds: [55] });
});

test('loadImg leaves EXIF orientation alone unless asked', async (t) => {
  const jpeg = await sharp({ create: { width: 4, height: 2, channels: 3, background: 'red' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const sizeOf = ({ width, height }: Image) => [width, height];
  t.deepEqual(sizeOf(await loadImg(jpeg)), [4, 2]);
  t.deepEqual(sizeOf(await loadImg(jpeg, { exif: true })), [2, 4]);
});

test('loadImg refuses what Keras does not know', async (t) => {
  const png = await pngOf(drawPicture(0, 2, 2, 3));
  await t.throwsAsync(() => loadImg(png, { colorMode: 'bgr' as never }), {
    name: 'ValueError',
    message: 'colorMode must be "grayscale", "rgb", or "rgba"',
  });
  await t.throwsAsync(() => loadImg(png, { targetSize: [1, 1], interpolation: 'area' as never }), {
    name: 'ValueError',
    message:
      'Invalid interpolation method area specified. Supported methods are nearest, bilinear, bicubic, hamming, box, lanczos',
  });
});

test('imgToArray and arrayToImg undo each other; scale stretches to 0–255', (t) => {
  const picture = drawPicture(2, 3, 4, 3);
  const x = imgToArray(picture);
  t.deepEqual(x, float32(Float32Array.from(picture.data), [4, 3, 3]));
  t.deepEqual(pixelsOf(arrayToImg(x, { scale: false })), pixelsOf(picture));
  t.deepEqual([...arrayToImg(float32([-1, 0, 1, 3], [2, 2, 1])).data], [0, 63, 127, 255]);
  t.deepEqual([...arrayToImg(float32([7, 7], [1, 2, 1])).data], [0, 0]);
  t.throws(() => arrayToImg(float32([1, 2], [2])), {
    message: 'Expected image array to have rank 3 (single image). Got array with shape: (2)',
  });
  t.throws(() => arrayToImg(float32([1, 2], [1, 1, 2])), { message: 'Unsupported channel number: 2' });
});

for (const format of ['png', 'bmp', 'tiff'])
  for (const channels of [1, 3] as const)
    test(`saveImg writes a ${format} of ${channels} channels that reads back the same`, async (t) => {
      const picture = drawPicture(3, 5, 4, channels);
      const path = join(folder, `made/${channels}.${format}`);
      await saveImg(path, imgToArray(picture), { scale: false });
      const colorMode = channels === 1 ? 'grayscale' : 'rgb';
      t.deepEqual(pixelsOf(await loadImg(path, { colorMode })), pixelsOf(picture));
    });

test('grey levels above 255 make a picture of integers, as NumPy casts them', (t) => {
  const image = arrayToImg(float32([1000, 3.9, 70000.7, -3.9, 3e9], [1, 5, 1]), { scale: false });
  t.deepEqual(image, {
    ...{ width: 5, height: 1, channels: 1 },
    data: Int32Array.of(1000, 3, 70000, -3, -(2 ** 31)),
  });
  t.deepEqual(imgToArray(image).dims, [1, 5, 1]);
  const bytes = arrayToImg(float32([1000, 3, 4], [1, 1, 3]), { scale: false });
  t.deepEqual(bytes.data, Uint8Array.of(232, 3, 4), 'in colour the lowest bits are kept');
  t.deepEqual(arrayToImg(float32([1000, 3], [1, 2, 1])).data, Uint8Array.of(255, 0), 'stretched');
  t.deepEqual(arrayToImg(float32([255, 3], [1, 2, 1]), { scale: false }).data, Uint8Array.of(255, 3));
});

test('saveImg writes grey levels above 255 as Pillow does', async (t) => {
  const x = float32([1000, 3, 70000, -5], [2, 2, 1]);
  const save = async (name: string) => {
    await saveImg(join(folder, name), x, { scale: false });
    return join(folder, name);
  };
  for (const [name, format] of [
    ['i.png', 'PNG'],
    ['i.jpg', 'JPEG'],
    ['i.bmp', 'BMP'],
  ] as const) {
    const message = `cannot write mode I as ${format}. Hint: levels exceed 255; scale them, or write a TIFF.`;
    await t.throwsAsync(save(name), { name: 'ValueError', message });
  }
  const tiff = sharp(await save('i.tiff'));
  const { width, height, depth } = await tiff.metadata();
  t.deepEqual({ width, height, depth }, { width: 2, height: 2, depth: 'int' });
  const raw = await tiff.extractChannel(0).raw({ depth: 'int' }).toBuffer();
  t.deepEqual(
    Array.from({ length: 4 }, (_, i) => raw.readInt32LE(4 * i)),
    [1000, 3, 70000, -5],
  );
  const options = { colorMode: 'grayscale', warn() {} } as const;
  for (const name of ['i.tif', 'i.gif']) {
    const { data } = await loadImg(await save(name), options);
    t.deepEqual([...data], [255, 3, 255, 0], name);
  }
});

test('saveImg drops alpha for JPEG, and says so', async (t) => {
  const warnings: string[] = [];
  const path = join(folder, 'flat.jpg');
  const flat = float32(
    Float32Array.from({ length: 64 }, (_, i) => [90, 90, 90, 7][i % 4]!),
    [4, 4, 4],
  );
  await saveImg(path, flat, { scale: false, warn: (message) => warnings.push(message) });
  t.deepEqual([...(await loadImg(path)).data], new Array(48).fill(90));
  t.deepEqual(warnings, ['The JPEG format does not support RGBA images, converting to RGB.']);
  await t.throwsAsync(() => encodeImage(drawPicture(0, 1, 1, 3), 'heic'), {
    message: "Expected one of png, jpeg, bmp, gif, tiff, webp. Received: 'heic'.",
  });
});

test('toCategorical makes rows with a one at each index', (t) => {
  t.deepEqual(toCategorical([0, 2, 1]), float32([1, 0, 0, 0, 0, 1, 0, 1, 0], [3, 3]));
  t.deepEqual(toCategorical([1], 3), float32([0, 1, 0], [1, 3]));
  t.deepEqual(toCategorical(int64([1, 0], [2, 1])), float32([0, 1, 1, 0], [2, 2]));
  t.deepEqual(toCategorical(float32([0, 1, 1, 0], [2, 2])).dims, [2, 2, 2]);
  t.throws(() => toCategorical([3], 3), { message: 'Expected class indices below 3. Received: 3.' });
});

test('class indices are cut to their whole part, as NumPy casts', (t) => {
  t.deepEqual(toCategorical([0.9, 1.9]), float32([1, 0, 0, 1], [2, 2]));
});
