/** What cannot be is refused in Keras's words. `test/parity/summary.test.ts` asks Keras for the same. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { mistakes, wordsOf } from '../summary/mistakes.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/summary.json', import.meta.url), 'utf8'),
);

for (const name of Object.keys(mistakes) as (keyof typeof mistakes)[])
  test(`${name}: the words are Keras's`, (t) => t.is(wordsOf(name), golden.mistakes[name]));
