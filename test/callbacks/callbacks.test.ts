import { readFileSync } from 'node:fs';
import test from 'ava';
import { formatNumber } from '../../src/keras/python/format.js';
import { draw, runScenario } from './run-scenario.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/callbacks.json', import.meta.url), 'utf8'),
);

for (const { name, scenario, outcome } of golden.runs)
  test.serial(`as Keras: ${name}`, async (t) => {
    t.deepEqual(await runScenario(scenario), outcome);
  });

for (const { drawing, text } of golden.bars)
  test(`a progress bar with ${JSON.stringify(drawing.options)} looks as Keras's`, (t) => {
    t.is(draw(drawing), text);
  });

test('numbers are formatted as Python formats them', (t) => {
  for (const { case: given, text } of golden.formats) {
    const [isInteger, value, spec] = given;
    // JSON.parse keeps -0.
    t.is(formatNumber(value, spec, isInteger), text, JSON.stringify(given));
  }
});
