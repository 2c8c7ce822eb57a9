import test from 'ava';
import { requests, summaryOf } from '../summary/models.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('summary.py');

test.serial('summaries are those of Keras, character for character', async (t) => {
  const expected = await askKeras<string[]>(requests);
  for (const [i, [name, options]] of requests.entries())
    t.is(await summaryOf(name, options), expected[i], `${name} ${JSON.stringify(options)}`);
});
