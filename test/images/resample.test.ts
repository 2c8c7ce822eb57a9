import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { Image } from '../../src/images/image.js';
import { filters, weigh } from '../../src/images/resample/filters.js';
import { type ResizeOptions, resize } from '../../src/images/resample/resample.js';
import { resampleColumnsWasm, resampleRowsWasm } from '../../src/images/resample/resample-kernel.js';
import { resampleColumns, resampleRows } from '../../src/images/resample/resample-passes.js';
import { noise, seeded } from './noise.js';

interface GoldenCase extends ResizeOptions {
  shape: [height: number, width: number, channels: Image['channels']];
  seed: number;
  md5: string;
}

const golden: { maker: string; cases: GoldenCase[] } = JSON.parse(
  readFileSync('test/golden/resample.json', 'utf8'),
);
const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex');

for (const wasm of [true, false])
  test(`every filter gives Pillow's bytes ${wasm ? 'with WebAssembly' : 'in plain TypeScript'}`, (t) => {
    const different = golden.cases.filter(
      ({ shape, seed, md5: expected, ...options }) =>
        md5(resize(noise(...shape, seed), { ...options, wasm }).data) !== expected,
    );
    t.deepEqual(different, [], `hint: ${golden.maker} writes the hashes anew`);
    t.is(golden.cases.length, 72);
  });

test('WebAssembly and plain TypeScript give the same bytes for pictures of many chunks', (t) => {
  const random = seeded(7);
  for (const channels of [1, 3, 4] as const)
    for (const interpolation of ['bilinear', 'lanczos'] as const) {
      const image = noise(700 + Math.floor(random() * 9), 900 + Math.floor(random() * 9), channels, 3);
      for (const size of [
        [224, 224],
        [31, 1500],
        [1000, 17],
      ] as const) {
        const [fast, plain] = [true, false].map((wasm) => resize(image, { size, interpolation, wasm }));
        t.is(md5(fast!.data), md5(plain!.data), `${channels} channels, ${interpolation}, ${size}`);
      }
    }
});

test('a picture of the wanted size is copied', (t) => {
  const image = noise(5, 7, 3, 1);
  const same = resize(image, { size: [5, 7], interpolation: 'lanczos' });
  t.deepEqual(same, image);
  t.not(same.data, image.data);
});

test('one colour stays that colour through every filter', (t) => {
  const image: Image = { width: 13, height: 9, channels: 3, data: new Uint8Array(13 * 9 * 3).fill(77) };
  for (const interpolation of ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const)
    t.deepEqual(resize(image, { size: [4, 40], interpolation }).data, new Uint8Array(4 * 40 * 3).fill(77));
});

test('sizes, boxes and filters that make no sense are refused', (t) => {
  const image = noise(5, 7, 3, 1);
  const refuse = (options: object, message: string) =>
    t.throws(() => resize(image, { size: [2, 2], interpolation: 'bilinear', ...options } as ResizeOptions), {
      instanceOf: RangeError,
      message,
    });
  refuse({ size: [0, 2] }, 'Expected a size of at least 1×1 pixels. Received: [0, 2].');
  refuse({ size: [2.5, 2] }, 'Expected a size of at least 1×1 pixels. Received: [2.5, 2].');
  refuse({ box: [0, 0, 8, 5] }, 'Expected a box inside 7×5 pixels. Received: [0, 0, 8, 5].');
  refuse({ box: [3, 0, 3, 5] }, 'Expected a box inside 7×5 pixels. Received: [3, 0, 3, 5].');
  refuse(
    { interpolation: 'cubic' },
    'Expected one of nearest, box, bilinear, hamming, bicubic, lanczos. Received: cubic.',
  );
});

test('WebAssembly runs here', (t) => {
  const image = noise(5, 7, 3, 1);
  const weights = weigh(5, 0, 5, 3, filters.bilinear);
  t.deepEqual(resampleRowsWasm(image, weights), resampleRows(image, weights));
  t.deepEqual(resampleColumnsWasm(image, weights), resampleColumns(image, weights));
});
