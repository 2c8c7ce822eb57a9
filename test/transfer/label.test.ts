import test from 'ava';
import { drawLabel } from '../../src/transfer/predict/label.js';

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
