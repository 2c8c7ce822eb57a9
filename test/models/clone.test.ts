import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/index.js';
import {
  Add,
  BatchNormalization,
  Dense,
  Dropout,
  GlobalAveragePooling2D,
  Input,
  type Layer,
} from '../../src/keras/layers/index.js';
import {
  cloneModel,
  Model,
  modelFromConfig,
  modelFromJson,
  Sequential,
} from '../../src/keras/models/index.js';
import { Adam } from '../../src/keras/optimizers/index.js';
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

test('a clone is compiled as the model is, with an optimizer that begins anew', async (t) => {
  for (const model of [branches(), chain()]) {
    const optimizer = new Adam({ learningRate: 0.25, beta1: 0.5 });
    model.compile({ optimizer, loss: 'mse', metrics: ['mse'], engine: 'js' });
    await model.fit(x, float32([1, 0, 0, 1], [2, 2]), { verbose: 0 });
    const copy = cloneModel(model);
    t.deepEqual(copy.compilation?.optimizer.getConfig(), optimizer.getConfig());
    t.not(copy.compilation?.optimizer, optimizer);
    t.deepEqual([copy.optimizer.iterations, model.optimizer.iterations], [0, 1]);
    t.like(copy.compilation, { loss: 'mse', metrics: ['mse'], engine: 'js' });
    copy.setWeights(model.getWeights());
    const y = float32([1, 0, 0, 1], [2, 2]);
    t.deepEqual(await copy.evaluate(x, y, { verbose: 0 }), await model.evaluate(x, y, { verbose: 0 }));
  }
  t.is(cloneModel(chain()).compilation, undefined);
});

test('cloneFunction makes the copies of layers, callFunction calls them', (t) => {
  const wide = (layer: Layer) =>
    layer instanceof Dense ? new Dense({ units: 4, name: `wide_${layer.name}` }) : cloneOf(layer);
  const cloneOf = (layer: Layer) => new Add({ name: layer.name });
  const names = (model: Model) => model.layers.map(({ name }) => name);
  t.deepEqual(names(cloneModel(branches(), { cloneFunction: wide })), [
    'numbers',
    'wide_left',
    'wide_right',
    'sum',
  ]);
  const [dense] = chain().layers as [Dense];
  const shared = cloneModel(new Sequential([Input({ shape: [3] }), dense]), {
    cloneFunction: (layer) => layer,
  });
  t.is(shared.layers[0], dense);

  const dropped = cloneModel(branches(), {
    callFunction: (layer, inputs) => {
      const output = layer.apply(inputs);
      return layer.name === 'left' ? new Dropout({ rate: 0.5, name: 'dropped' }).apply(output) : output;
    },
  });
  t.true(names(dropped).includes('dropped'));
  t.throws(() => cloneModel(chain(), { callFunction: (layer, inputs) => layer.apply(inputs) }), {
    message: /^`call_function` argument is not supported with Sequential models\./,
  });
});

test('inputTensors take the place of inputs', (t) => {
  const before = Input({ shape: [3], name: 'before' });
  for (const model of [branches(), chain()]) {
    const copy = cloneModel(model, { inputTensors: before });
    t.deepEqual(copy.inputs, [before]);
    t.deepEqual(copy.outputShape, model.outputShape);
    t.throws(() => cloneModel(model, { inputTensors: [before, before] }), {
      name: 'ValueError',
      message: /input_tensors/,
    });
  }
});

test('inner models are copied layer by layer where that is asked for', (t) => {
  const inner = new Sequential([Input({ shape: [3] }), new Dense({ units: 2, name: 'deep' })], {
    name: 'inner',
  });
  const outer = new Sequential([Input({ shape: [3] }), inner, new Dense({ units: 1, name: 'last' })]);
  const seen = (recursive: boolean) => {
    const names: string[] = [];
    cloneModel(outer, {
      recursive,
      cloneFunction: (layer) => {
        names.push(layer.name);
        return layer;
      },
    });
    return names;
  };
  t.deepEqual(seen(false), ['inner', 'last']);
  t.deepEqual(seen(true), ['deep', 'last']);
});

test('a model that has no shapes yet is cloned and described without', async (t) => {
  const model = new Sequential([new Dense({ units: 2, name: 'only' })], { name: 'late' });
  model.compile({ loss: 'mse' });
  for (const copy of [cloneModel(model), modelFromConfig(model.getConfig()), modelFromJson(model.toJson())]) {
    t.false(copy.built);
    t.deepEqual(
      copy.layers.map(({ name }) => name),
      ['only'],
    );
    copy.build([[null, 3]]);
    t.is(copy.countParams(), 8);
  }
  t.deepEqual(Object.keys(model.getConfig()), ['name', 'trainable', 'dtype', 'layers']);
  t.is(cloneModel(model).compilation?.loss, 'mse');
});

test('a Sequential is built once, and nests before it is', (t) => {
  const model = chain();
  t.throws(() => model.build([3, 4]), {
    name: 'ValueError',
    message:
      "Sequential model 'chain' has already been configured to use input shape (None, 3). You cannot build it with input_shape (3, 4)",
  });
  t.notThrows(() => model.build([null, 3]));
  t.throws(() => new Sequential([], { name: 'empty' }).build([null, 3]), {
    name: 'ValueError',
    message: 'Sequential model empty cannot be built because it has no layers. Call `model.add(layer)`.',
  });
  t.false(new Sequential([new Sequential([Input({ shape: [16] })])]).built);
  const frozen = new Sequential([Input({ shape: [3] }), new Dense({ units: 1 })], { trainable: false });
  t.deepEqual(
    [frozen.trainable, frozen.trainableWeights.length, cloneModel(frozen).trainable],
    [false, 0, false],
  );
});

test('training: false of a call has no effect, as in Keras 3.15', async (t) => {
  const trained = async (training: boolean | null) => {
    const base = new Sequential([Input({ shape: [3] }), new BatchNormalization({ name: 'normal' })]);
    const inputs = Input({ shape: [3] });
    const outputs = new Dense({ units: 2, kernelInitializer: 'ones' }).apply(
      base.apply(inputs, { training }),
    );
    const model = new Model({ inputs, outputs });
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(x, float32([1, 0, 0, 1], [2, 2]), { verbose: 0, shuffle: false });
    return base.getWeights();
  };
  const weights = await trained(false);
  t.deepEqual(weights, await trained(null));
  // The batch's own statistics have moved the averages.
  t.notDeepEqual(weights[2], new Float32Array(3));
});
