/** Where a model's batches come from: the first one builds it, and epochs cut passes as Keras does. */
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { Callback } from '../../src/keras/callbacks/index.js';
import { Dense, Input } from '../../src/keras/layers/index.js';
import { type Batch, type Batches, type FitOptions, Sequential } from '../../src/keras/models/index.js';
import { SGD } from '../../src/keras/optimizers/index.js';

const batch = (value: number): Batch => [[[value]], [[0]]];

/** Six batches of one sample, which hold 0 to 5, found by their index. */
const dataset = () => ({
  length: 6,
  draw: (index: number) => index,
  make: async (index: number) => batch(index),
  onEpochEnd() {},
});

function* numbers(): Generator<Batch> {
  for (let i = 0; ; i++) yield batch(i % 6);
}

/** A model without an `Input` whose loss is the mean of the squares it has seen. */
function squares() {
  const model = new Sequential([new Dense({ units: 1, useBias: false, kernelInitializer: 'ones' })]);
  model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: 'mse' });
  return model;
}

/** Steps and loss of each epoch, and the warnings. */
async function run(
  job: (model: Sequential, options: FitOptions) => Promise<unknown>,
  options: FitOptions = {},
): Promise<{ epochs: [steps: number, loss: number][]; warnings: string[] }> {
  const epochs: [number, number][] = [];
  const warnings: string[] = [];
  class Counter extends Callback {
    #steps = 0;
    override onEpochBegin() {
      this.#steps = 0;
    }
    override onTrainBatchEnd() {
      this.#steps += 1;
    }
    override onEpochEnd(_epoch: number, { loss = Number.NaN } = {}) {
      epochs.push([this.#steps, loss]);
    }
  }
  const warn = (message: string) => void warnings.push(message);
  await job(squares(), { shuffle: false, verbose: 0, callbacks: new Counter(), warn, ...options });
  return { epochs, warnings };
}

const ranOut = /^Your input ran out of data; interrupting training/;

test('the first batch builds a Sequential without Input, and is trained on', async (t) => {
  const sources: Record<string, () => Batches | ReturnType<typeof dataset>> = {
    generator: numbers,
    'asynchronous generator': async function* () {
      yield* numbers();
    },
    dataset,
    set: () => new Set([0, 1, 2, 3].map(batch)),
    array: () => [0, 1, 2, 3].map(batch),
  };
  for (const [name, open] of Object.entries(sources)) {
    const { epochs } = await run((model, options) => model.fit(open(), null, options), { stepsPerEpoch: 4 });
    t.deepEqual(epochs, [[4, 3.5]], name);
  }
  const model = squares();
  t.is((await model.evaluate(numbers(), null, { steps: 3, verbose: 0 })).loss, Math.fround(5 / 3));
  t.deepEqual((await squares().predict(numbers(), { steps: 3, verbose: 0 })).data, Float32Array.of(0, 1, 2));
  await t.throwsAsync(squares().fit(new Set<Batch>(), null, { verbose: 0 }), {
    message: 'Expected at least one batch. Received: none.',
  });
});

test('an array of batches is iterated over, an array of numbers is data', async (t) => {
  const asBatches = await run((model, options) => model.fit([0, 1, 2, 3, 4, 5].map(batch), null, options), {
    epochs: 2,
  });
  const mean = Math.fround(55 / 6);
  t.deepEqual(asBatches.epochs, [
    [6, mean],
    [6, mean],
  ]);
  const tensors = [0, 1].map((i) => [float32([i], [1, 1]), float32([0], [1, 1])] as const);
  t.is((await squares().evaluate(tensors, null, { verbose: 0 })).loss, 0.5);
  const numbersAlone = [
    [[1], [2]],
    [[3], [4]],
  ];
  await t.throwsAsync(squares().fit(numbersAlone, null, { verbose: 0 }), {
    message: 'Expected targets with the data. Received: none.',
  });
});

test('with fit, steps that do not divide a pass leave a short epoch, which is told at the beginning', async (t) => {
  const options = { epochs: 4, stepsPerEpoch: 4 };
  const { epochs, warnings } = await run((model, given) => model.fit(dataset(), null, given), options);
  t.deepEqual(epochs, [
    [4, 3.5],
    [2, 20.5],
    [4, 3.5],
    [2, 20.5],
  ]);
  t.is(
    warnings[0],
    'Expected `stepsPerEpoch` to divide the 6 batches of a pass. Received: 4. Epoch 2 will train on the 2 that are left, as in Keras 3. Hint: `fitGenerator` goes on with the next pass instead, as Keras 2 did.',
  );
  t.deepEqual(
    warnings.slice(1).map((text) => ranOut.test(text)),
    [true, true],
  );
  const x = [0, 1, 2, 3, 4, 5].map((i) => [i]);
  const arrays = await run((model, given) => model.fit(x, [0, 0, 0, 0, 0, 0], given), {
    ...options,
    batchSize: 1,
  });
  t.deepEqual(arrays, { epochs, warnings });
});

test('nothing is told where steps divide a pass, or where there is one epoch', async (t) => {
  for (const options of [
    { epochs: 4, stepsPerEpoch: 3 },
    { epochs: 1, stepsPerEpoch: 4 },
  ])
    t.deepEqual((await run((model, given) => model.fit(dataset(), null, given), options)).warnings, []);
});

test('fitGenerator goes on where it stopped, over the end of a pass', async (t) => {
  const options = { epochs: 3, stepsPerEpoch: 4 };
  for (const open of [dataset, numbers, () => [0, 1, 2, 3, 4, 5].map(batch)]) {
    const { epochs, warnings } = await run((model, given) => model.fitGenerator(open(), given), options);
    t.deepEqual(epochs, [
      [4, 3.5],
      [4, 10.5],
      [4, 13.5],
    ]);
    t.deepEqual(
      warnings.map((text) => /fit_generator` is deprecated/.test(text)),
      [true],
    );
  }
});

test('a model that was compiled without a loss predicts, and says what it lacks to train', async (t) => {
  const model = new Sequential([Input({ shape: [1] }), new Dense({ units: 1, kernelInitializer: 'ones' })]);
  model.compile({ optimizer: 'adam', metrics: ['accuracy'] });
  t.deepEqual((await model.predict([[2]], { verbose: 0 })).data, Float32Array.of(2));
  const message = 'No loss to compute. Provide a `loss` argument in `compile()`.';
  await t.throwsAsync(model.fit([[2]], [[0]], { verbose: 0 }), { name: 'ValueError', message });
  await t.throwsAsync(model.evaluate([[2]], [[0]], { verbose: 0 }), { name: 'ValueError', message });
});

test('weights of samples may stand in a column, weights of classes in a Map', async (t) => {
  const weighed = (sampleWeight: number[] | number[][]) =>
    run((model, options) => model.fit([[1], [2]], [0, 0], options), { sampleWeight });
  const { epochs } = await weighed([[1], [3]]);
  t.deepEqual(epochs, [[1, 6.5]]);
  t.deepEqual((await weighed([1, 3])).epochs, epochs);
  const classes = (classWeight: FitOptions['classWeight']) =>
    run((model, options) => model.fit([[1], [2]], [0, 1], options), { classWeight });
  const byObject = await classes({ 0: 1, 1: 5 });
  t.deepEqual(byObject.epochs, [[1, 3]]);
  t.deepEqual(await classes(new Map([[1, 5]])), byObject);
  await t.throwsAsync(classes({ cat: 5 } as never), {
    name: 'ValueError',
    message:
      'Expected `classWeight` to hold a number for the index of each class. Received: cat: 5. Hint: `classIndices` of an iterator tells the indices.',
  });
});
