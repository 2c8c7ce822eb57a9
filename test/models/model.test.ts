import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { BatchNormalization, Dense, Input } from '../../src/keras/layers/index.js';
import { Model, Sequential } from '../../src/keras/models/index.js';
import { clearSession } from '../../src/keras/utils.js';

function twoLayers() {
  clearSession();
  const inputs = Input({ shape: [3] });
  const hidden = new Dense({ units: 2, activation: 'relu', name: 'hidden' });
  const outputs = new Dense({ units: 1 }).apply(hidden.apply(inputs));
  const model = new Model({ inputs, outputs, name: 'two_layers' });
  model.compile({ loss: 'mse' });
  return { model, hidden, inputs, outputs };
}

const x = float32([1, 2, 3, 4, 5, 6], [2, 3]);
const y = float32([1, 2], [2, 1]);

test.serial(
  'summary hands the whole text over at once, and counts the optimizer once it has begun',
  async (t) => {
    const { model } = twoLayers();
    const texts: string[] = [];
    const printFn = (text: string) => texts.push(text);
    model.summary({ printFn });
    await model.fit(x, y, { verbose: 0 });
    model.summary({ printFn, lineLength: 60, showTrainable: true });
    t.is(texts.length, 2);
    t.regex(texts[0]!, /^Model: "two_layers"\n┏━+┳━+┳━+┓\n.* Total params: 11 \(44\.00 B\)\n.*\n$/s);
    t.false(texts[0]!.includes('Optimizer params'));
    t.regex(texts[1]!, / Optimizer params: 13 \(56\.00 B\)\n$/);
    t.is(texts[1]!.split('\n')[1]!.length, 60);
    t.true(texts[1]!.includes('Trai'));
  },
);

test('layers are found by name and by index', (t) => {
  const { model, hidden } = twoLayers();
  t.is(model.getLayer('hidden'), hidden);
  t.is(model.getLayer({ name: 'hidden' }), hidden);
  t.is(model.getLayer({ index: 1 }), hidden);
  t.deepEqual(
    model.layers.map(({ className }) => className),
    ['InputLayer', 'Dense', 'Dense'],
  );
  t.throws(() => model.getLayer('other'), {
    message: /^No such layer: other\. Existing layers are: \['input_layer', 'hidden', 'dense'\]\.$/,
  });
  t.throws(() => model.getLayer({ index: 9 }), {
    message: 'Was asked to retrieve layer at index 9 but model only has 3 layers.',
  });
});

test('inputs, outputs and their shapes', (t) => {
  const { model, hidden, inputs, outputs } = twoLayers();
  t.is(model.input, inputs);
  t.is(model.output, outputs);
  t.deepEqual(
    [model.inputShape, model.outputShape],
    [
      [null, 3],
      [null, 1],
    ],
  );
  t.is(hidden.input, inputs);
  t.deepEqual(hidden.output.shape, [null, 2]);
  t.is(inputs.layer.input, inputs);
  t.true(inputs.layer.built);
  t.throws(() => new Dense({ units: 1, name: 'lonely' }).input, {
    message: 'The layer lonely has never been called and thus has no defined input.',
  });
  // Used as a layer, a model keeps what it is.
  new Sequential([model]);
  t.is(model.output, outputs);
});

test("weights come and go in Keras's order", (t) => {
  const { hidden } = twoLayers();
  const model = new Sequential([hidden, new BatchNormalization({ name: 'normal' }), new Dense({ units: 1 })]);
  model.build([[null, 3]]);
  t.deepEqual(
    model.weights.map(({ name, shape }) => `${name} ${shape}`),
    [
      'kernel 3,2',
      'bias 2',
      'gamma 2',
      'beta 2',
      'moving_mean 2',
      'moving_variance 2',
      'kernel 2,1',
      'bias 1',
    ],
  );
  const values = model.weights.map(({ value }, i) => value.map((_, k) => 10 * i + k));
  model.setWeights(values);
  t.deepEqual(model.getWeights(), values);
  t.deepEqual(hidden.getWeights(), values.slice(0, 2));
  model.getWeights()[0]![0] = -1;
  t.is(hidden.weights[0]!.value[0], 0);
  t.throws(() => model.setWeights(values.slice(1)), {
    message: /with a weight list of length 7, but the layer was expecting 8/,
  });
});

test('predict and evaluate show a bar unless told not to', async (t) => {
  const { model } = twoLayers();
  let printed = '';
  const print = (text: string) => {
    printed += stripVTControlCharacters(text);
  };
  const outputs = await model.predict(x, { print, batchSize: 1 });
  t.deepEqual(outputs.dims, [2, 1]);
  t.regex(printed, /2\/2 ━{20} \d+s [\d.]+m?s\/step\s*\n$/);
  printed = '';
  await model.evaluate(x, y, { print });
  t.regex(printed, /1\/1 ━{20} \d+s [\d.]+m?s\/step - loss: [\d.]+\n$/);
  printed = '';
  await model.predict(x, { print, verbose: 0 });
  t.is(printed, '');
});

test('trainOnBatch returns what the batch came to', async (t) => {
  const { model } = twoLayers();
  const before = await model.evaluate(x, y, { verbose: 0 });
  const logs = await model.trainOnBatch(x, y);
  t.true(Math.abs(logs.loss! - before.loss!) <= 1e-6 * before.loss!);
  const after = await model.evaluate(x, y, { verbose: 0 });
  t.not(after.loss, before.loss);
  await t.throwsAsync(model.trainOnBatch(x, y, { sampleWeight: [1, 1], classWeight: { 0: 1 } }), {
    message: 'Arguments `sample_weight` and `class_weight` cannot be specified at the same time.',
  });
});
