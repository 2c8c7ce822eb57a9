import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { BackupAndRestore, LambdaCallback, ModelCheckpoint } from '../../src/keras/callbacks/index.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Concatenate } from '../../src/keras/layers/concatenate.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { LeakyReLU } from '../../src/keras/layers/leaky-relu.js';
import { CategoricalCrossentropy } from '../../src/keras/losses/index.js';
import { CategoricalAccuracy } from '../../src/keras/metrics/index.js';
import { Model } from '../../src/keras/models/model.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { Adam, RMSprop, SGD } from '../../src/keras/optimizers/index.js';
import { L2 } from '../../src/keras/regularizers.js';
import { readHdf5 } from '../../src/keras/saving/hdf5.js';
import { encodeKerasModel, loadModel, modelFromJson } from '../../src/keras/saving/index.js';
import { formatSummary } from '../../src/keras/summary.js';
import { withFolder } from './folder.js';

const x = float32(
  Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
  [10, 4],
);
const y = float32(
  Float32Array.from({ length: 30 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
  [10, 3],
);
const quiet = { batchSize: 4, shuffle: false, verbose: 0 } as const;

function head(): Model {
  const inputs = Input({ shape: [4], name: 'embedding' });
  const dense = new Dense({ units: 5, activation: 'relu', kernelRegularizer: L2() }).apply(inputs);
  const normalised = new BatchNormalization({ momentum: 0.7 }).apply(dense);
  const joined = new Concatenate().apply([dense, normalised]);
  return new Model({
    inputs,
    outputs: new Dense({ units: 3, activation: 'softmax' }).apply(joined),
    name: 'head',
  });
}

function sequential(): Model {
  return new Sequential(
    [
      Input({ shape: [4] }),
      new Dense({ units: 6, activation: 'tanh' }),
      new Dense({ units: 3, activation: 'softmax' }),
    ],
    { name: 'größe' },
  );
}

/** What can be seen of a model from outside. */
async function look(model: Model) {
  return {
    summary: formatSummary(model),
    json: model.toJson().replaceAll(model.optimizer.name, model.optimizer.className),
    predictions: Array.from((await model.predict(x, { verbose: 0 })).data),
    iterations: model.optimizer.iterations,
    // Files hold it in single precision.
    learningRate: Math.fround(model.optimizer.learningRate),
    slots: model.trainableWeights.map((weight) =>
      model.optimizer.slots(weight).map((slot) => Array.from(model.optimizer.slot(weight, slot))),
    ),
  };
}

const cases = {
  'a functional model with RMSprop': [head, () => new RMSprop({ momentum: 0.5, centered: true })],
  'a sequential model with Adam': [sequential, () => new Adam({ learningRate: 0.01, amsgrad: true })],
  'a sequential model with SGD': [sequential, () => new SGD({ clipnorm: 1, momentum: 0.9 })],
} as const;

for (const [label, [build, optimizer]] of Object.entries(cases))
  for (const ending of ['keras', 'h5', 'hdf5'])
    test(`${label} comes back from .${ending} as it was, and trains on alike`, async (t) => {
      await withFolder(async (folder) => {
        const model = build();
        const loss = new CategoricalCrossentropy({ labelSmoothing: 0.1 });
        model.compile({ optimizer: optimizer(), loss, metrics: [new CategoricalAccuracy()] });
        await model.fit(x, y, { ...quiet, epochs: 2 });
        const path = join(folder, `model.${ending}`);
        await model.save(path);
        t.deepEqual(await readdir(folder), [`model.${ending}`]);

        const loaded = await loadModel(path);
        t.is(loaded.constructor, model.constructor);
        // Such files name optimizers by their class.
        const name = ending === 'keras' ? model.optimizer.name : model.optimizer.className;
        t.is(loaded.optimizer.name, name);
        t.deepEqual(await look(loaded), await look(model));
        const [first, second] = [await model.fit(x, y, quiet), await loaded.fit(x, y, quiet)];
        t.deepEqual(second.history, first.history);
      });
    });

test('weights alone go by layer, by name, or as far as they fit', async (t) => {
  await withFolder(async (folder) => {
    const [model, other] = [sequential(), sequential()];
    const paths = ['new.weights.h5', 'old.h5'].map((name) => join(folder, name));
    for (const path of paths) {
      await model.saveWeights(path);
      for (const weight of other.weights) weight.value.fill(0);
      await other.loadWeights(path);
      t.deepEqual(other.getWeights(), model.getWeights());
    }
    const renamed = new Sequential([
      Input({ shape: [4] }),
      new Dense({ units: 6, name: 'new' }),
      new Dense({ units: 3, name: model.layers[1]!.name }),
    ]);
    const before = renamed.layers[0]!.getWeights();
    await renamed.loadWeights(paths[1]!, { byName: true });
    t.deepEqual(renamed.layers[1]!.getWeights(), model.layers[1]!.getWeights());
    t.deepEqual(renamed.layers[0]!.getWeights(), before);
    await t.throwsAsync(renamed.loadWeights(paths[0]!, { byName: true }), {
      message:
        'Expected a file of the older layout for `byName`. Received: Keras 3 weights, which are loaded by the order of layers.',
    });

    const wider = new Sequential([
      Input({ shape: [4] }),
      new Dense({ units: 6, name: 'first' }),
      new Dense({ units: 7, name: 'last' }),
    ]);
    const untouched = wider.getWeights();
    await t.throwsAsync(wider.loadWeights(paths[0]!), {
      message:
        "Shape mismatch in layer 'last' for weight last/kernel. Weight expects shape (6, 7). Received saved weight with shape (6, 3).",
    });
    await t.throwsAsync(wider.loadWeights(paths[1]!), {
      message:
        'Shape mismatch in layer #1 (named last) for weight last/kernel. Weight expects shape (6, 7). Received saved weight with shape (6, 3)',
    });
    t.deepEqual(wider.getWeights(), untouched);
    for (const path of paths) {
      const warnings: string[] = [];
      await wider.loadWeights(path, { skipMismatch: true, warn: (message) => warnings.push(message) });
      t.true(warnings.length > 0 && warnings.every((warning) => warning.includes('last')));
      t.deepEqual(wider.layers[0]!.getWeights(), model.layers[0]!.getWeights());
      t.deepEqual(wider.layers[1]!.getWeights(), untouched.slice(2));
    }
  });
});

test('a model that is not compiled, or is not to be, loads without an optimizer', async (t) => {
  await withFolder(async (folder) => {
    const model = sequential();
    for (const ending of ['keras', 'h5']) {
      const path = join(folder, `bare.${ending}`);
      await model.save(path);
      t.is((await loadModel(path)).compilation, undefined);
    }
    model.compile({ loss: 'mse' });
    for (const ending of ['keras', 'h5']) {
      const path = join(folder, `compiled.${ending}`);
      await model.save(path);
      t.is((await loadModel(path)).compilation?.optimizer.className, 'RMSprop');
      t.is((await loadModel(path, { compile: false })).compilation, undefined);
    }
  });
});

test('names of files say what is written', async (t) => {
  const model = sequential();
  await t.throwsAsync(model.save('model.onx'), {
    message:
      'Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras format (recommended) or a `.h5` extension. Received: filepath=model.onx.',
  });
  await t.throwsAsync(model.saveWeights('weights.keras'), {
    message:
      'The filename must end in `.weights.h5`, or in `.h5` for Keras 2. Received: filepath=weights.keras',
  });
  await t.throwsAsync(new Sequential([new Dense({ units: 2 })]).saveWeights('late.weights.h5'), {
    message:
      'You are saving a model that has not yet been built. Try building the model first by calling it on some data or by using `build()`.',
  });
});

test('JSON makes the same layers with new weights', (t) => {
  const model = head();
  const copy = modelFromJson(model.toJson());
  t.is(copy.toJson(), model.toJson());
  t.notDeepEqual(copy.getWeights(), model.getWeights());
  t.deepEqual(
    copy.weights.map(({ shape }) => shape),
    model.weights.map(({ shape }) => shape),
  );
});

test('a .h5 file says what Keras 2 and Keras 3 both understand', async (t) => {
  const inner = Input({ shape: [4], name: 'inner' });
  const hidden = new Dense({ units: 2, name: 'hidden', trainable: false }).apply(inner);
  const outputs = new LeakyReLU({ negativeSlope: 0.5, name: 'leaky' }).apply(hidden);
  const base = new Model({ inputs: inner, outputs, name: 'base' });
  const x = Input({ shape: [4], name: 'x' });
  const y = new Dense({ units: 3, useBias: false, name: 'scores' }).apply(base.apply(x));
  const model = new Model({ inputs: x, outputs: y, name: 'model' });
  model.compile({ optimizer: new Adam({ learningRate: 0.5, clipnorm: 1 }), loss: 'mse', metrics: ['acc'] });

  const initializer = (class_name: string, config: object) => ({
    module: 'keras.initializers',
    class_name,
    config,
    registered_name: null,
  });
  const dense = (name: string, units: number, trainable: boolean, use_bias: boolean) => ({
    class_name: 'Dense',
    config: {
      ...{ name, trainable, dtype: 'float32', units, activation: 'linear', use_bias },
      kernel_initializer: initializer('GlorotUniform', { seed: null }),
      bias_initializer: initializer('Zeros', {}),
      ...{ kernel_regularizer: null, bias_regularizer: null, kernel_constraint: null, bias_constraint: null },
    },
    name,
  });
  const input = (name: string) => ({
    class_name: 'InputLayer',
    config: { batch_input_shape: [null, 4], dtype: 'float32', sparse: false, name },
    name,
    inbound_nodes: [],
  });
  const leaky = { name: 'leaky', trainable: true, dtype: 'float32', alpha: 0.5 };
  const baseConfig = {
    name: 'base',
    trainable: true,
    layers: [
      input('inner'),
      { ...dense('hidden', 2, false, true), inbound_nodes: [[['inner', 0, 0, {}]]] },
      { class_name: 'LeakyReLU', config: leaky, name: 'leaky', inbound_nodes: [[['hidden', 0, 0, {}]]] },
    ],
    input_layers: ['inner', 0, 0],
    output_layers: ['leaky', 0, 0],
  };
  await readHdf5(await encodeKerasModel(model, 'h5'), (root) => {
    t.is(root.attribute('keras_version'), '2.21.0');
    t.deepEqual(JSON.parse(root.attribute('model_config') as string), {
      class_name: 'Functional',
      config: {
        name: 'model',
        trainable: true,
        layers: [
          input('x'),
          {
            class_name: 'Functional',
            config: baseConfig,
            name: 'base',
            // The second stands where Keras 3 looks for the first.
            inbound_nodes: [[['x', 0, 0, {}]], [['x', 0, 0, {}]]],
          },
          { ...dense('scores', 3, true, false), inbound_nodes: [[['base', 1, 0, {}]]] },
        ],
        input_layers: ['x', 0, 0],
        output_layers: ['scores', 0, 0],
      },
    });
    t.deepEqual(JSON.parse(root.attribute('training_config') as string), {
      loss: 'mean_squared_error',
      metrics: [{ class_name: 'CategoricalAccuracy', config: { name: 'acc', dtype: 'float32' } }],
      weighted_metrics: null,
      loss_weights: null,
      optimizer_config: {
        class_name: 'Custom>Adam',
        config: {
          ...{ name: 'Adam', learning_rate: 0.5, clipnorm: 1 },
          ...{ beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false, is_legacy_optimizer: false },
        },
      },
    });
    t.deepEqual(root.group('model_weights').strings('layer_names'), ['x', 'base', 'scores']);
    t.deepEqual(root.group('model_weights/base').strings('weight_names'), [
      'hidden/kernel:0',
      'hidden/bias:0',
    ]);
    t.deepEqual(root.group('optimizer_weights').strings('weight_names'), [
      'iteration:0',
      'Adam/m/scores/kernel:0',
      'Adam/v/scores/kernel:0',
    ]);
  });
});

test('a shared layer, nested models and two inputs keep their wiring', async (t) => {
  const shared = new Dense({ units: 4, activation: 'relu' });
  const a = Input({ shape: [4] });
  const inner = new Sequential([Input({ shape: [4] }), new Dense({ units: 4 })]);
  const base = new Model({ inputs: a, outputs: shared.apply(shared.apply(a)), name: 'base' });
  const [b, c, d] = [Input({ shape: [4] }), Input({ shape: [4] }), Input({ shape: [4] })];
  const joined = new Concatenate().apply([base.apply(base.apply(c)), inner.apply(inner.apply(d)), b]);
  const model = new Model({ inputs: [c, d, b], outputs: joined });
  const inputs = [x, x, x];
  await withFolder(async (folder) => {
    for (const ending of ['keras', 'h5']) {
      const path = join(folder, `model.${ending}`);
      await model.save(path);
      const loaded = await loadModel(path);
      t.is(loaded.toJson(), model.toJson());
      t.deepEqual(await loaded.predict(inputs, { verbose: 0 }), await model.predict(inputs, { verbose: 0 }));
    }
    const outer = new Model({ inputs: c, outputs: base.apply(base.apply(c)) });
    for (const ending of ['keras', 'h5']) {
      const path = join(folder, `outer.${ending}`);
      await outer.save(path);
      t.is((await loadModel(path)).toJson(), outer.toJson());
    }
  });
});

test('ModelCheckpoint writes models that train on', async (t) => {
  await withFolder(async (folder) => {
    const model = sequential();
    model.compile({ loss: 'categorical_crossentropy' });
    const filepath = join(folder, '{epoch:02d}.h5');
    const weights = join(folder, 'w{epoch}.weights.h5');
    await model.fit(x, y, {
      ...quiet,
      epochs: 2,
      callbacks: [
        new ModelCheckpoint({ filepath }),
        new ModelCheckpoint({ filepath: weights, saveWeightsOnly: true }),
      ],
    });
    t.deepEqual((await readdir(folder)).sort(), ['01.h5', '02.h5', 'w1.weights.h5', 'w2.weights.h5']);
    const second = await model.getWeights();
    const loaded = await loadModel(join(folder, '01.h5'));
    await loaded.fit(x, y, quiet);
    t.deepEqual(loaded.getWeights(), second);
    await loaded.loadWeights(join(folder, 'w1.weights.h5'));
    await loaded.fit(x, y, quiet);
    t.deepEqual(loaded.getWeights(), second);
  });
});

test('BackupAndRestore goes on where training broke off', async (t) => {
  await withFolder(async (folder) => {
    const whole = sequential();
    const broken = sequential();
    broken.setWeights(whole.getWeights());
    for (const model of [whole, broken])
      model.compile({ loss: 'categorical_crossentropy', optimizer: new RMSprop({ momentum: 0.9 }) });
    const { history } = await whole.fit(x, y, { ...quiet, epochs: 4 });

    const backup = () => new BackupAndRestore({ backupDir: join(folder, 'backup') });
    const fail = new LambdaCallback({
      onEpochBegin: (epoch) => {
        if (epoch === 2) throw new Error('The power is cut.');
      },
    });
    await t.throwsAsync(broken.fit(x, y, { ...quiet, epochs: 4, callbacks: [backup(), fail] }));
    const again = sequential();
    again.compile({ loss: 'categorical_crossentropy', optimizer: new RMSprop({ momentum: 0.9 }) });
    const rest = await again.fit(x, y, { ...quiet, epochs: 4, callbacks: [backup()] });
    t.deepEqual(rest.history.loss, history.loss!.slice(2));
    t.deepEqual(again.getWeights(), whole.getWeights());
    t.deepEqual(await readdir(folder), []);
  });
});

test('a file that cannot be written leaves the old one as it was', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'model.keras');
    await writeFile(path, 'old');
    const inputs = Input({ shape: [4] });
    const middle = new Dense({ units: 4 }).apply(inputs);
    const part = new Model({ inputs: middle, outputs: new Dense({ units: 2, name: 'after' }).apply(middle) });
    await t.throwsAsync(part.save(path), {
      message:
        /^Expected every input of the model '.*' to be an `Input`. Received: the output of layer 'dense.*'/,
    });
    t.is(await readFile(path, 'utf8'), 'old');
  });
});
