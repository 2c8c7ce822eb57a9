import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import {
  ImageDataGenerator,
  imageDatasetFromDirectory,
  loadImg,
} from '../../src/keras/preprocessing/index.js';

/** 16-bit grey of levels 0, 100, 200 … as a PNG. */
const deepGrey = (levels: number) =>
  sharp(
    Uint16Array.from({ length: levels }, (_, i) => i * 100),
    { raw: { width: levels, height: 1, channels: 1 } },
  )
    .toColourspace('grey16')
    .png();
const told = (path: string) =>
  `${path} has more than 8 bits a sample and was clipped to 0–255, as in Keras, which turns most such pictures white or black. Hint: save it with 8 bits.`;

test('loadImg clips 16-bit grey as Pillow does, and warns where levels are lost', async (t) => {
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  const bright = await loadImg(await deepGrey(6).toBuffer(), { colorMode: 'grayscale', warn });
  t.deepEqual([...bright.data], [0, 100, 200, 255, 255, 255]);
  t.deepEqual(warnings.splice(0), [told('A picture')]);
  const dark = await loadImg(await deepGrey(3).toBuffer(), { colorMode: 'grayscale', warn });
  t.deepEqual([...dark.data], [0, 100, 200]);
  t.deepEqual(warnings, []);
});

test.serial('folders of such pictures are warned of once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clipping-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'bone'));
  for (const name of ['a', 'b', 'c']) await deepGrey(6).toFile(join(folder, 'bone', `${name}.png`));
  const expected = [`${told(join(folder, 'bone', 'a.png'))} Others like it are not mentioned.`];
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  const flow = new ImageDataGenerator({ warn }).flowFromDirectory(folder, {
    ...{ targetSize: [1, 6], batchSize: 1, shuffle: false, print() {} },
  });
  for (let i = 0; i < 3; i++) await flow.get(i);
  t.deepEqual(warnings.splice(0), expected);
  const { warn: original } = console;
  t.teardown(() => {
    console.warn = original;
  });
  console.warn = warn;
  const data = imageDatasetFromDirectory(folder, {
    imageSize: [1, 6],
    batchSize: 1,
    shuffle: false,
    verbose: false,
  });
  for await (const _ of data);
  console.warn = original;
  t.deepEqual(warnings, expected);
});
