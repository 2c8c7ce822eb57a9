/** Models as people make them in Keras 3 and 2: what is read predicts what Keras predicts, or names what it lacks. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ortNode } from '../../src/engine/ort-node.js';
import { tensor } from '../../src/graph/tensor.js';
import { loadModel } from '../../src/keras/saving/index.js';
import { convertModel, openModel } from '../../src/transfer/convert/convert.js';
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

const softmax = (row: readonly number[]): number[] => {
  const powers = row.map((z) => Math.exp(z - Math.max(...row)));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Each model's probabilities from a row of Keras's outputs. */
const heads: Readonly<Record<string, (row: readonly number[]) => readonly number[]>> = {
  categorical: softmax,
  sparse: softmax,
  labels: (row) => row.map(sigmoid),
  binary: ([z = 0]) => [1 - sigmoid(z), sigmoid(z)],
  sigmoid: ([p = 0]) => [1 - p, p],
  mobilenet: (row) => row,
};

for (const [name, probabilitiesOf] of Object.entries(heads))
  test.serial(`${name}: converted, it answers with the probabilities that its loss means`, async (t) => {
    for (const [file, { x, y }] of Object.entries(await filesOf(name))) {
      const out = join(folder, `${name}.onnx`);
      const [pixels, outputs] = [unpack(x), unpack(y)];
      const width = outputs.dims[1] ?? 1;
      const rows = Array.from({ length: outputs.dims[0] ?? 0 }, (_, i) => [
        ...outputs.data.subarray(i * width, (i + 1) * width),
      ]);
      const expected = rows.map(probabilitiesOf);
      const labels = (expected[0] ?? []).map((_, i) => `class ${i}`);
      const scaling = name === 'mobilenet' ? {} : ({ scaling: 'none' } as const);
      await convertModel({ input: join(folder, file), out, labels, ...scaling });
      const session = await (await ortNode({ provider: 'cpu' })).load(await readFile(out));
      const { probabilities } = await session.run({
        pixels: tensor('uint8', Uint8Array.from(pixels.data), pixels.dims),
      });
      await session.release();
      t.deepEqual(probabilities?.dims, [rows.length, labels.length]);
      assertClose(t, probabilities?.data as Float32Array, expected.flat(), {
        label: file,
        relative: 1e-4,
        absolute: 1e-5,
      });
    }
  });

test.serial('silent: without a loss that tells, an activation is asked for', async (t) => {
  const out = join(folder, 'silent.onnx');
  for (const file of Object.keys(await filesOf('silent')))
    await t.throwsAsync(convertModel({ input: join(folder, file), out, labels: ['a', 'b', 'c'] }), {
      message:
        /^Expected a model that ends in probabilities\. Received: layer 'dense.*' \(Dense\), which is linear, and no loss of logits\. Hint: choose 'softmax' \(one class of several\) or 'sigmoid' \(yes or no\) with `activation`\.$/,
    });
});
