import test from 'ava';
import { formatNumber } from '../../src/keras/python/format.js';
import { type Outcome, runScenario, type Scenario } from '../callbacks/run-scenario.js';
import { pythonScript } from './python.js';
import { randomScenario, seeded } from './random-scenarios.js';

const askKeras = pythonScript('callbacks.py');

test.serial('1,000 random runs: the same words, decisions and files as Keras', async (t) => {
  const scenarios: Scenario[] = Array.from({ length: 1000 }, (_, seed) => randomScenario(seed));
  const expected = (await askKeras<{ scenarios: Outcome[] }>({ scenarios })).scenarios;
  for (const [seed, scenario] of scenarios.entries())
    t.deepEqual(await runScenario(scenario), expected[seed], `seed ${seed}`);
  t.is(expected.length, 1000);
  t.log(
    `${expected.filter(({ stopped }) => stopped).length} stopped, ${expected.filter(({ error }) => error).length} ended in an error, both sides alike`,
  );
});

test.serial('numbers are printed as Python prints them', async (t) => {
  const random = seeded(1);
  const specs = [
    '',
    '.2f',
    '.4f',
    '.4e',
    '.0f',
    '08.3f',
    '+.1f',
    '>10.3g',
    '.3',
    '.17g',
    '.1%',
    ',.2f',
    '^9.2E',
  ];
  const values = Array.from({ length: 5000 }, (_, i) => {
    if (i % 3 === 0) return Math.floor(random() * 4096) / 1024;
    if (i % 3 === 1) return Math.fround(random() * 10 ** Math.floor(random() * 12 - 6));
    return (random() - 0.5) * 10 ** Math.floor(random() * 60 - 30);
  });
  const integers = ['', 'd', '02d', '5', '<6d', 'x', '.1f', ',d', '+d'];
  const cases = [
    ...values.map((value, i) => [false, value, specs[i % specs.length]!] as const),
    ...Array.from({ length: 300 }, (_, i) => [true, i * i * 37, integers[i % integers.length]!] as const),
  ];
  const expected = (await askKeras<{ formats: string[] }>({ formats: cases })).formats;
  const actual = cases.map(([isInteger, value, spec]) => formatNumber(value, spec, isInteger));
  t.deepEqual(actual, expected);
});
