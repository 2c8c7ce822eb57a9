/** From the outputs of other people's models to probabilities. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readMetadata } from '../../src/classifier/metadata.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { scalings } from '../../src/graph/preprocessing.js';
import { tensor } from '../../src/graph/tensor.js';
import * as layers from '../../src/keras/layers/index.js';
import * as losses from '../../src/keras/losses/index.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { type ConvertOptions, convertModel, readLabels } from '../../src/transfer/convert/convert.js';
import { FileClassifier } from '../../src/transfer/predict/load-classifier.js';
import { assertClose } from '../compare.js';
import { withFolder } from '../saving/folder.js';

/** Pictures of one level each, 0, 0.5 and 1 once scaled: its outputs are that level times 1, 2, … */
const network = (last: layers.Layer[], first: layers.Layer[] = []) =>
  new Sequential([
    layers.Input({ shape: [4, 4, 3] }),
    ...first,
    new layers.GlobalAveragePooling2D(),
    ...last,
  ]);

const dense = (units: number, activation: 'linear' | 'softmax' | 'sigmoid' | 'tanh' = 'linear') => {
  const kernel = Float32Array.from({ length: 3 * units }, (_, i) => ((i % units) + 1) / 3);
  return new layers.Dense({
    units,
    activation,
    useBias: false,
    kernelInitializer: { make: () => kernel, serialize: () => ({ class_name: 'Zeros', config: {} }) },
    name: 'last',
  });
};

interface Given extends Partial<ConvertOptions> {
  readonly model: Sequential;
  readonly loss?: losses.Loss;
}

/** Probabilities for levels 0, 51 and 255, and what is said. */
async function converted({ model, loss, ...options }: Given) {
  return withFolder(async (folder) => {
    const [input, out] = [join(folder, 'model.keras'), join(folder, 'model.onnx')];
    if (loss) model.compile({ loss });
    await model.save(input);
    const { notes } = await convertModel({ input, out, scaling: '0-1', ...options });
    const bytes = await readFile(out);
    const session = await (await ortNode({ provider: 'cpu' })).load(bytes);
    const pixels = Uint8Array.from({ length: 3 * 48 }, (_, i) => [0, 51, 255][Math.floor(i / 48)] ?? 0);
    const { probabilities } = await session.run({ pixels: tensor('uint8', pixels, [3, 4, 4, 3]) });
    await session.release();
    return { notes, metadata: readMetadata(bytes), data: probabilities?.data as Float32Array };
  });
}

const values = [0, 0.2, 1];
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const softmax = (z: readonly number[]) => {
  const sum = z.reduce((total, value) => total + Math.exp(value), 0);
  return z.map((value) => Math.exp(value) / sum);
};
const added = (activation: string, by: string) =>
  `The last layer, 'last', gives no probabilities: a ${activation} follows it now, as ${by} says.`;
const pair = "The one output is the probability of 'bees', and the rest that of 'ants'.";

const labels = ['ants', 'bees'];
const cases: readonly (readonly [string, Given, expected: (level: number) => readonly number[], string[]])[] =
  [
    [
      'categorical cross-entropy of logits',
      { model: network([dense(2)]), loss: new losses.CategoricalCrossentropy({ fromLogits: true }) },
      (x) => softmax([x, 2 * x]),
      [added('softmax', 'the loss')],
    ],
    [
      'sparse categorical cross-entropy of logits',
      { model: network([dense(2)]), loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }) },
      (x) => softmax([x, 2 * x]),
      [added('softmax', 'the loss')],
    ],
    [
      'binary cross-entropy of logits, two labels that do not exclude each other',
      { model: network([dense(2)]), loss: new losses.BinaryCrossentropy({ fromLogits: true }) },
      (x) => [sigmoid(x), sigmoid(2 * x)],
      [added('sigmoid', 'the loss')],
    ],
    [
      'binary cross-entropy of one logit',
      { model: network([dense(1)]), loss: new losses.BinaryCrossentropy({ fromLogits: true }) },
      (x) => [1 - sigmoid(x), sigmoid(x)],
      [added('sigmoid', 'the loss'), pair],
    ],
    ['one sigmoid', { model: network([dense(1, 'sigmoid')]) }, (x) => [1 - sigmoid(x), sigmoid(x)], [pair]],
    [
      'one sigmoid behind a layer that changes shapes, and a dropout',
      {
        model: network([
          dense(1, 'sigmoid'),
          new layers.Reshape({ targetShape: [1] }),
          new layers.Dropout({ rate: 0.5 }),
        ]),
      },
      (x) => [1 - sigmoid(x), sigmoid(x)],
      [pair],
    ],
    [
      'an activation that is told',
      { model: network([dense(2)]), activation: 'softmax' },
      (x) => softmax([x, 2 * x]),
      [added('softmax', '`activation`')],
    ],
    [
      'an activation that is told for another',
      { model: network([dense(2, 'tanh')]), activation: 'sigmoid' },
      (x) => [sigmoid(Math.tanh(x)), sigmoid(Math.tanh(2 * x))],
      [added('sigmoid', '`activation`')],
    ],
    ['a softmax', { model: network([dense(2, 'softmax')]) }, (x) => softmax([x, 2 * x]), []],
    [
      'a softmax layer',
      { model: network([dense(2), new layers.Softmax()]), activation: 'softmax' },
      (x) => softmax([x, 2 * x]),
      [],
    ],
  ];

for (const [title, given, expected, notes] of cases)
  test(`${title}: outputs become probabilities`, async (t) => {
    const result = await converted({ ...given, labels });
    t.deepEqual(result.notes, notes);
    t.deepEqual(result.metadata.labels, labels);
    assertClose(t, result.data, values.flatMap(expected), { label: title, relative: 1e-5, absolute: 1e-6 });
  });

test('nothing is guessed', async (t) => {
  const refused = (given: Given, message: string) =>
    t.throwsAsync(converted({ labels, ...given }), { name: 'ValueError', message });
  const hint = "Hint: choose 'softmax' (one class of several) or 'sigmoid' (yes or no) with `activation`.";
  const ends = (words: string) =>
    `Expected a model that ends in probabilities. Received: layer 'last' (Dense), which is ${words}, and no loss of logits. ${hint}`;
  await refused({ model: network([dense(2)]) }, ends('linear'));
  await refused({ model: network([dense(2)]), loss: new losses.MeanSquaredError() }, ends('linear'));
  await refused({ model: network([dense(2)]), loss: new losses.CategoricalCrossentropy() }, ends('linear'));
  await refused({ model: network([dense(2, 'tanh')]) }, ends('tanh'));
  await refused(
    { model: network([dense(2, 'softmax')]), activation: 'sigmoid' },
    "Expected `activation` for a model that ends in no probabilities. Received: 'sigmoid' for one that ends in a softmax.",
  );
  await refused(
    { model: network([dense(1)]), activation: 'softmax' },
    'Expected several outputs for a softmax. Received: 1, whose softmax is always 1.',
  );
  await refused(
    { model: network([dense(1, 'sigmoid')]), labels: ['bees'] },
    'Expected the names of 2 classes. Received: 1: bees.',
  );
  await withFolder((folder) =>
    t.throwsAsync(
      convertModel({
        input: 'test/golden/saving/keras-3.15.keras',
        out: join(folder, 'a.h5'),
        activation: 'softmax',
      }),
      { message: /^Expected an \.onnx file to write with `activation`\. Received: .*a\.h5\.$/ },
    ),
  );
});

test('a model that scales levels itself is given them as they are', async (t) => {
  const note = 'The model scales levels itself, so that it is given them from 0 to 255.';
  const model = () =>
    network(
      [dense(2, 'softmax')],
      [new layers.Rescaling({ scale: 1 / 255 }), new layers.Rescaling({ scale: 1 })],
    );
  const own = await converted({ model: model(), labels, scaling: undefined });
  t.deepEqual(own.notes, [note]);
  t.like(own.metadata.preprocessing, scalings.none);
  assertClose(
    t,
    own.data,
    values.flatMap((x) => softmax([x, 2 * x])),
    { label: 'own', relative: 1e-5 },
  );
  const told = await converted({ model: model(), labels, scaling: 'tf' });
  t.deepEqual(told.notes, []);
  t.like(told.metadata.preprocessing, scalings.tf);
  const within = new Sequential([
    new Sequential([layers.Input({ shape: [4, 4, 3] }), new layers.Rescaling({ scale: 1 / 255 })]),
    new layers.GlobalAveragePooling2D(),
    dense(2, 'softmax'),
  ]);
  t.like(
    (await converted({ model: within, labels, scaling: undefined })).metadata.preprocessing,
    scalings.none,
  );
  const late = network([new layers.Rescaling({ scale: 1 / 255 }), dense(2, 'softmax')]);
  t.like((await converted({ model: late, labels, scaling: undefined })).metadata.preprocessing, scalings.tf);
  const mild = network([dense(2, 'softmax')], [new layers.Rescaling({ scale: 0.5, offset: 0.25 })]);
  t.like((await converted({ model: mild, labels, scaling: undefined })).metadata.preprocessing, scalings.tf);
});

test('labels are read with numbers before them, and with a mark of their encoding', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'labels.txt');
    for (const [text, expected] of [
      ['0 ants\n1 bees\n', ['ants', 'bees']],
      ['\uFEFF0 ants\r\n1 honey bees', ['ants', 'honey bees']],
      ['\uFEFFants\nbees', ['ants', 'bees']],
      ['\uFEFF["ants", "bees"]', ['ants', 'bees']],
      ['0 ants\n2 bees', ['0 ants', '2 bees']],
      ['1 cent\n2 cents', ['1 cent', '2 cents']],
      ['0\n1', ['0', '1']],
    ] as const) {
      await writeFile(path, text);
      t.deepEqual(await readLabels(path), expected);
    }
  });
});

test("a model of Keras's that is to predict is named, with the command that converts it", async (t) => {
  for (const file of ['keras-3.15.keras', 'keras-3.15.h5']) {
    const path = `test/golden/saving/${file}`;
    await t.throwsAsync(FileClassifier.load(path, jsEngine()), {
      name: 'ValueError',
      message: `Expected an exported model, an .onnx file. Received: ${path}, a model of Keras. Hint: make one with 'ort-transfer convert ${path} test/golden/saving/keras-3.15.onnx --labels labels.txt'.`,
    });
  }
});
