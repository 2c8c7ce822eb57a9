import { readFileSync } from 'node:fs';
import test from 'ava';
import { summaryOf } from './models.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/summary.json', import.meta.url), 'utf8'),
);

for (const { model, options, lines } of golden.summaries)
  test.serial(`the summary of ${model} with ${JSON.stringify(options)} is Keras's`, async (t) => {
    t.is(await summaryOf(model, options), lines.join('\n'));
  });
