import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/index.js';
import { Add, Dense, GlobalAveragePooling2D, Input } from '../../src/keras/layers/index.js';
import { cloneModel, Model, modelFromConfig, Sequential } from '../../src/keras/models/index.js';
import { assertClose } from '../compare.js';

const x = float32([1, 2, 3, 4, 5, 6], [2, 3]);

function branches(): Model {
  const inputs = Input({ shape: [3], name: 'numbers' });
  const both = [new Dense({ units: 2, name: 'left' }), new Dense({ units: 2, name: 'right' })];
  const outputs = new Add({ name: 'sum' }).apply(both.map((layer) => layer.apply(inputs)));
  return new Model({ inputs, outputs, name: 'branches' });
}

const chain = (): Sequential =>
  new Sequential([Input({ shape: [3] }), new Dense({ units: 2, activation: 'tanh' })], { name: 'chain' });

test('a clone, and a model of the configuration, have the layers but weights of their own', async (t) => {
  for (const model of [branches(), chain()])
    for (const copy of [cloneModel(model), modelFromConfig(model.getConfig())]) {
      t.is(copy.className, model.className);
      t.is(copy.name, model.name);
      t.deepEqual(
        copy.layers.map((layer) => layer.getConfig()),
        model.layers.map((layer) => layer.getConfig()),
      );
      t.notDeepEqual(copy.getWeights(), model.getWeights());
      copy.setWeights(model.getWeights());
      const outputs = await model.predict(x, { verbose: 0 });
      assertClose(t, (await copy.predict(x, { verbose: 0 })).data, outputs.data, { label: model.name });
    }
});

test('trainable set on a model is set on every layer within', async (t) => {
  const base = await MobileNet({ weights: null, alpha: 0.25, includeTop: false, inputShape: [32, 32, 3] });
  base.trainable = false;
  t.false(base.layers.some(({ trainable }) => trainable));
  const features = new GlobalAveragePooling2D().apply(base.output);
  const model = new Model({ inputs: base.input, outputs: new Dense({ units: 2 }).apply(features) });
  t.is(model.trainableWeights.length, 2);
  const outer = new Sequential([Input({ shape: [32, 32, 3] }), base]);
  outer.trainable = true;
  t.true(base.layers.every(({ trainable }) => trainable));
});

test('testOnBatch measures and predictOnBatch predicts, and neither trains', async (t) => {
  const model = chain();
  model.compile({ loss: 'mse', metrics: ['mse'] });
  const y = float32([1, 0, 0, 1], [2, 2]);
  const before = model.getWeights();
  const { loss, mse } = await model.testOnBatch(x, y);
  const evaluated = await model.evaluate(x, y, { verbose: 0 });
  assertClose(t, [loss!, mse!], [evaluated.loss!, evaluated.mse!], { label: 'loss and metric' });
  const outputs = await model.predict(x, { verbose: 0 });
  t.deepEqual(await model.predictOnBatch(x), outputs);
  t.deepEqual(model.getWeights(), before);
});
