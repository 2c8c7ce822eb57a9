import { spawnSync } from 'node:child_process';
import test from 'ava';
import { requests, summaryOf } from '../summary/models.js';

test.serial('summaries are those of Keras, character for character', async (t) => {
  const python = spawnSync(process.env.KERAS_PYTHON ?? '.venv/bin/python', ['test/keras/summary.py'], {
    input: JSON.stringify(requests),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (python.status !== 0) throw new Error(`Keras failed: ${python.stderr}`);
  const expected: string[] = JSON.parse(python.stdout);
  for (const [i, [name, options]] of requests.entries())
    t.is(await summaryOf(name, options), expected[i], `${name} ${JSON.stringify(options)}`);
});
