import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { BatchNormalization, Dense, Dropout, Input } from '../../src/keras/layers/index.js';
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

test('summary hands the whole text over at once, and counts the optimizer once it has begun', async (t) => {
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
});

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
  t.throws(() => model.getLayer(undefined as never), {
    message: 'Provide either a layer name or layer index at `get_layer`.',
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

test('what a model ends with is its outputs, however often it is used as a layer', (t) => {
  const { model, outputs } = twoLayers();
  t.deepEqual(model.outputs, [outputs]);
  model.apply(Input({ shape: [3] }));
  t.deepEqual(model.outputs, [outputs]);
});

test('weights are counted, and listed, once they are made', (t) => {
  const model = new Sequential([new Dense({ units: 2 })], { name: 'late' });
  t.throws(() => model.countParams(), {
    name: 'ValueError',
    message:
      "You tried to call `count_params` on layer 'late', but the layer isn't built. You can build it manually via: `layer.build(input_shape)`.",
  });
  t.throws(() => new Dense({ units: 2, name: 'dense' }).countParams(), { message: /on layer 'dense'/ });
  t.is(new Dropout({ rate: 0.5 }).countParams(), 0);
  model.build([null, 3]);
  t.is(model.countParams(), 8);
  t.deepEqual(model.trainableVariables, model.weights);
});

test('the optimizer has the size that it was built with', async (t) => {
  const { model, hidden } = twoLayers();
  const totals = () => {
    let text = '';
    model.summary({
      printFn: (summary) => {
        text += summary;
      },
    });
    return text.split('\n').slice(-5, -1);
  };
  hidden.trainable = false;
  await model.evaluate(x, y, { verbose: 0 });
  t.deepEqual(totals().at(-1), ' Non-trainable params: 8 (32.00 B)');
  await model.fit(x, y, { verbose: 0 });
  const optimizer = ' Optimizer params: 5 (24.00 B)';
  t.is(totals().at(-1), optimizer);
  hidden.trainable = true;
  t.deepEqual(totals(), [
    ' Total params: 16 (68.00 B)',
    ' Trainable params: 11 (44.00 B)',
    ' Non-trainable params: 0 (0.00 B)',
    optimizer,
  ]);
});

test('history is in single precision, as Keras has it', async (t) => {
  const model = new Sequential([Input({ shape: [1] }), new Dense({ units: 1, activation: 'sigmoid' })]);
  model.compile({ loss: 'binary_crossentropy', metrics: ['accuracy'] });
  const ten = float32(
    Array.from({ length: 10 }, () => 0),
    [10, 1],
  );
  const targets = [1, 0, 0, 1, 0, 0, 1, 0, 0, 0];
  const { accuracy } = await model.evaluate(ten, targets, { verbose: 0 });
  t.is(accuracy, Math.fround(0.7));
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
