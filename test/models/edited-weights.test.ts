/** A weight's values are one truth, however they are changed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { Dense, Input } from '../../src/keras/layers/index.js';
import { loadModel, Sequential } from '../../src/keras/models/index.js';
import { SGD } from '../../src/keras/optimizers/index.js';
import { Variable } from '../../src/keras/variable.js';

const x = float32([1, 2], [2, 1]);
const y = float32([0, 0], [2, 1]);

/** Two layers of one weight, the first frozen: the output is 6 times the input. */
function product() {
  const layer = (name: string, value: number) =>
    new Dense({ units: 1, useBias: false, name, kernelInitializer: 'ones', trainable: value !== 2 });
  const model = new Sequential([Input({ shape: [1] }), layer('two', 2), layer('three', 3)]);
  model.setWeights([Float32Array.of(2), Float32Array.of(3)]);
  model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: 'mse' });
  return model;
}

/** What every method takes the product for. */
async function productsOf(model: Sequential) {
  const folder = mkdtempSync(join(tmpdir(), 'edited-'));
  try {
    const path = join(folder, 'model.keras');
    await model.save(path);
    const saved = await loadModel(path);
    const factor = (loss: number | undefined) => Math.sqrt((loss ?? Number.NaN) / 2.5);
    return {
      predict: (await model.predict(x, { verbose: 0 })).data[0],
      evaluate: factor((await model.evaluate(x, y, { verbose: 0 })).loss),
      fit: factor((await model.fit(x, y, { verbose: 0 })).history.loss?.[0]),
      trainOnBatch: factor((await model.trainOnBatch(x, y)).loss),
      save: (await saved.predict(x, { verbose: 0 })).data[0],
      getWeights: model.getWeights().reduce((product, [weight]) => product * (weight ?? Number.NaN), 1),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const all = (product: number) => ({
  predict: product,
  evaluate: product,
  fit: product,
  trainOnBatch: product,
  save: product,
  getWeights: product,
});

test('an edit in place is seen by every method, in the frozen part and in the rest', async (t) => {
  const model = product();
  t.deepEqual(await productsOf(model), all(6));
  const [two, three] = model.weights as [Variable, Variable];
  three.value[0] = 10;
  t.deepEqual(await productsOf(model), all(20));
  two.value[0] = 1;
  t.deepEqual(await productsOf(model), all(10));
  const held = three.value;
  t.deepEqual(await productsOf(model), all(10));
  held[0] = 4;
  t.deepEqual(await productsOf(model), all(4));
});

test('an array that was assigned is not part of the model', async (t) => {
  const model = product();
  const values = Float32Array.of(5);
  const [, three] = model.weights as [Variable, Variable];
  three.value = values;
  t.deepEqual(await productsOf(model), all(10));
  values[0] = 7;
  t.deepEqual(await productsOf(model), all(10));
  three.assign(values);
  t.deepEqual(await productsOf(model), all(14));
});

test('a version grows with every change, and with nothing else', (t) => {
  const variable = new Variable('kernel', [2]);
  const versions = [variable.version];
  const { value } = variable;
  versions.push(variable.version);
  value[1] = Number.NaN;
  versions.push(variable.version, variable.version);
  variable.assign(Float32Array.of(1, 2));
  versions.push(variable.version);
  value[1] = 3;
  versions.push(variable.version);
  t.deepEqual(versions, [0, 0, 1, 1, 2, 3]);
  t.deepEqual(variable.value, Float32Array.of(1, 3));
  t.throws(() => variable.assign(Float32Array.of(1)), {
    instanceOf: RangeError,
    message: "Expected 2 values for 'kernel' of shape (2). Received: 1.",
  });
});
