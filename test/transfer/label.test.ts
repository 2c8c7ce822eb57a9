import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { saveLabelled as saveAnswer } from '../../src/index.js';
import { decodeImage } from '../../src/platform/node/decode.js';
import type { Drawn } from '../../src/transfer/predict/draw.js';
import { saveLabelled } from '../../src/transfer/predict/draw.js';
import { drawLabel } from '../../src/transfer/predict/label.js';
import { withFolder } from '../saving/folder.js';

/** How many pixels text covers, and the columns that it begins and ends in. */
async function extent(text: string) {
  const { width, height, coverage } = await drawLabel(text, 32);
  const columns = [...coverage.keys()].filter((i) => coverage[i]! > 127).map((i) => i % width);
  return { width, height, pixels: columns.length, from: Math.min(...columns), to: Math.max(...columns) };
}

test('all of a text is on its label, narrow as it may be', async (t) => {
  const { width, height, pixels, from, to } = await extent('Ada 98.2%');
  t.true(pixels > 300, `${pixels}`);
  t.true(from < 8 && to > width - 8 && to < width, `${from} to ${to} of ${width}`);
  t.true(height >= 32 && height <= 64);
});

test('text in other scripts is drawn, or has a question mark for each letter, and is not cut off', async (t) => {
  const [cyrillic, latin] = [await extent('Жанна 98.2%'), await extent('????? 98.2%')];
  t.true(cyrillic.pixels > 300 && cyrillic.to < cyrillic.width);
  t.true(Math.abs(cyrillic.width - latin.width) < latin.width / 4, `${cyrillic.width} and ${latin.width}`);
  t.true((await extent('A & B <≥ 1>')).pixels > 100, 'markup is text, too');
});

test('of several faces each has its name above its frame, and within the picture', async (t) => {
  const [width, height] = [240, 200];
  const image = { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(255) } as const;
  const result = (label: string, box: Drawn['box']): Drawn => ({
    probabilities: Float32Array.of(1, 0),
    predictions: [{ label, probability: 0.9 }],
    box,
    stranger: null,
    lacksFace: false,
  });
  // The first reaches to the upper edge.
  const results = [result('Ada', [20, 3, 80, 60]), result('Bo', [120, 120, 180, 180])];
  await withFolder(async (folder) => {
    const path = join(folder, 'labelled.png');
    await saveLabelled(image, results, path);
    const drawn = await decodeImage(await readFile(path));
    const border = drawn.height - height;
    for (const [caption, left, top] of [
      ['Ada 90.0%', 20, border],
      ['Bo 90.0%', 120, border + 120 - 4],
    ] as const) {
      const label = await drawLabel(caption, 16);
      const above = top === border ? border : top - label.height;
      const letters = [...label.coverage.keys()].filter((i) => label.coverage[i] === 255);
      const wrong = letters.filter((i) => {
        const [x, y] = [left + (i % label.width), above + Math.floor(i / label.width)];
        const at = 3 * (y * drawn.width + x);
        return drawn.data[at + 1] !== 0;
      });
      t.true(letters.length > 20, caption);
      t.deepEqual(wrong, [], caption);
    }
  });
});

test('a picture of any kind is saved with what a classifier, or any model, says of it', async (t) => {
  await withFolder(async (folder) => {
    const pixels = { width: 60, height: 40, data: new Uint8Array(60 * 40 * 3).fill(200) };
    const predictions = [{ label: 'Ada', probability: 0.982 }];
    const read = async (name: string) => decodeImage(await readFile(join(folder, name)));
    await saveAnswer(pixels, { predictions }, join(folder, 'known.png'));
    await saveLabelled({ ...pixels, channels: 3 }, [{ predictions }], join(folder, 'same.png'));
    const known = await read('known.png');
    t.deepEqual(known, await read('same.png'));
    // The picture itself lies under the border.
    t.is(known.data[3 * (known.width * (known.height - 1))], 200);

    const face = { box: { left: 10, top: 10, right: 30, bottom: 30 } };
    await saveAnswer(join(folder, 'known.png'), { predictions, known: false, face }, join(folder, 'a.png'));
    const doubt = 'stranger';
    const box = [10, 10, 30, 30] as const;
    await saveLabelled(known, [{ predictions, doubt, box }], join(folder, 'b.png'));
    t.deepEqual(await read('a.png'), await read('b.png'));
    t.notDeepEqual((await read('a.png')).data, known.data);
  });
});
