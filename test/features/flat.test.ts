import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { ortNode } from '../../src/engine/ort-node.js';
import { describeFlat } from '../../src/transfer/data/describe-flat.js';
import { listClasses } from '../../src/transfer/data/list-classes.js';
import { loadDataset } from '../../src/transfer/data/load-dataset.js';
import type { Preparation } from '../../src/transfer/features/preparation.js';
import { silent } from '../../src/transfer/reporter.js';
import { preprocessing, quarters } from './quarters.js';

const shown = (path: string, embedding: readonly number[], flat = false) => ({
  path,
  views: [Float32Array.from(embedding)],
  flat,
});

test('flat pictures are named, the first five of them', (t) => {
  const pictures = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((path, i) => shown(path, [i], i < 6));
  t.deepEqual(describeFlat(pictures, { folder: 'photos' }), [
    '6 of 7 pictures of photos show one colour alone, or nearly: a, b, c, d, e and 1 more. Hint: pictures of 16 bits that use a small part of their range turn black; stretch their levels first.',
  ]);
});

test('pictures that are all alike are named', (t) => {
  const alike = [shown('a', [1, 2]), shown('b', [1, 2.00001]), shown('c', [1, 2])];
  t.deepEqual(describeFlat(alike, { folder: 'photos' }), [
    'All 3 pictures of photos look the same: a, b, c.',
  ]);
});

test('pictures that differ, a single one, and none are not told of', (t) => {
  for (const pictures of [[shown('a', [1, 2]), shown('b', [1, 2.1])], [shown('a', [1])], []])
    t.deepEqual(describeFlat(pictures, { folder: 'photos' }), []);
});

/** 16-bit grey whose levels lie between two shares of the range. */
const deepGrey = (low: number, high: number, seed: number) =>
  sharp(
    Uint16Array.from(
      { length: 40 * 40 },
      (_, i) => 65535 * (low + ((high - low) * ((i * 37 + seed) % 97)) / 96),
    ),
    { raw: { width: 40, height: 40, channels: 1 } },
  )
    .toColourspace('grey16')
    .png();

test('a data set with 16-bit pictures that use a small part of their range is warned of when it is read', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'flat-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'bone'));
  await deepGrey(0, 1, 1).toFile(join(folder, 'bone', 'full.png'));
  // 12 bits in 16.
  await deepGrey(0, 1 / 16, 2).toFile(join(folder, 'bone', 'dark.png'));
  const warnings: string[] = [];
  const { pictures } = await loadDataset(
    await listClasses(folder, {}, silent),
    {
      engine: await ortNode({ provider: 'cpu' }),
      preparation: {
        preprocessing,
        backboneModel: quarters(),
        backbone: { features: 12, info: {} },
      } as unknown as Preparation,
      cache: join(folder, '.cache'),
      workers: 1,
    },
    { ...silent, warn: (text) => warnings.push(text) },
  );
  t.is(pictures.length, 2);
  t.true(
    warnings.some((text) =>
      text.startsWith(
        `1 of 2 pictures of ${folder} show one colour alone, or nearly: ${join(folder, 'bone', 'dark.png')}.`,
      ),
    ),
  );
});
