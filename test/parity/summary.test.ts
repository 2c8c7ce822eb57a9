import test from 'ava';
import { mistakes, wordsOf } from '../summary/mistakes.js';
import { requests, summaryOf } from '../summary/models.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('summary.py');

test.serial('summaries and what mistakes are told are those of Keras, character for character', async (t) => {
  const expected = await askKeras<{ summaries: string[]; mistakes: Record<string, string> }>(requests);
  for (const [i, [name, options]] of requests.entries())
    t.is(await summaryOf(name, options), expected.summaries[i]!, `${name} ${JSON.stringify(options)}`);
  const words = Object.keys(mistakes).map((name) => [name, wordsOf(name as keyof typeof mistakes)]);
  t.deepEqual(Object.fromEntries(words), expected.mistakes);
});
