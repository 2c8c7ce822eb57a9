/** Models as people make them in Keras 3 and 2: what is read predicts what Keras predicts, or names what it lacks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadModel } from '../../src/keras/saving/index.js';
import { openModel } from '../../src/transfer/convert/convert.js';
import { assertClose } from '../compare.js';
import { type Packed, unpack } from '../training/case.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('foreign.py');
let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreign-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

type Answers = Readonly<Record<string, { readonly x: Packed; readonly y: Packed }>>;
const made = new Map<string, Promise<Answers>>();
/** The files of a model, with pictures and Keras's predictions. */
const filesOf = (name: string): Promise<Answers> => {
  const known = made.get(name) ?? askKeras<Answers>({ names: [name], folder });
  made.set(name, known);
  return known;
};

for (const name of ['mobilenet', 'densenet', 'arithmetic', 'quiet', 'accents'])
  test.serial(
    `${name}: files of Keras 3 and 2 predict what Keras predicts, and again after saving`,
    async (t) => {
      const answers = await filesOf(name);
      t.true(Object.keys(answers).length >= 2);
      for (const [file, { x, y }] of Object.entries(answers)) {
        const { model } = await openModel(join(folder, file), { warn: (message) => t.fail(message) });
        const again = join(folder, `again-${name}.keras`);
        await model.save(again);
        for (const each of [model, await loadModel(again, { compile: false })]) {
          each.compile({ loss: 'mse' });
          const { data } = await each.predict(unpack(x), { verbose: 0 });
          assertClose(t, data, unpack(y).data, { label: file, relative: 1e-4, absolute: 1e-5 });
          await each.release();
        }
      }
    },
  );

test.serial('resnet: what swaps channels is named', async (t) => {
  for (const file of Object.keys(await filesOf('resnet')))
    await t.throwsAsync(openModel(join(folder, file)), {
      message:
        /^Expected layer '.*get_?item.*' to add, subtract, multiply or divide by constants, as preprocess_input does\. Received: the operation (GetItem|__operators__\.getitem)\. Hint: /,
    });
});
