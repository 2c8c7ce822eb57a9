/** What differs from Keras on purpose: the README's table says so, and this shows it. */
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/index.js';
import { Dense, Dropout, Input } from '../../src/keras/layers/index.js';
import { Model, Sequential } from '../../src/keras/models/index.js';
import { SGD } from '../../src/keras/optimizers/index.js';
import { ImageDataGenerator } from '../../src/keras/preprocessing/index.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';

const x = float32([1, 2, 3, 4], [2, 2]);
const y = float32([1, 0, 0, 1], [2, 2]);

function classifier() {
  const model = new Sequential([Input({ shape: [2] }), new Dense({ units: 2, activation: 'softmax' })]);
  model.compile({ loss: 'categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

test('MobileNet waits for its weights', async (t) => {
  const promise = MobileNet({ weights: null, alpha: 0.25, includeTop: false, inputShape: [32, 32, 3] });
  t.true(promise instanceof Promise);
  t.true((await promise) instanceof Model);
});

test('what computes is a promise', async (t) => {
  const model = classifier();
  for (const promise of [
    model.trainOnBatch(x, y),
    model.fit(x, y, { verbose: 0 }),
    model.evaluate(x, y, { verbose: 0 }),
    model.predict(x, { verbose: 0 }),
  ]) {
    t.true(promise instanceof Promise);
    await promise;
  }
});

test('evaluate and trainOnBatch return names and values', async (t) => {
  const model = classifier();
  t.deepEqual(Object.keys(await model.evaluate(x, y, { verbose: 0 })), ['accuracy', 'loss']);
  t.deepEqual(Object.keys(await model.trainOnBatch(x, y)).sort(), ['accuracy', 'loss']);
});

test('lists of batches and asynchronous generators are data, and their classes may be weighed', async (t) => {
  const model = classifier();
  async function* twice() {
    yield [x, y] as const;
    yield [x, y] as const;
  }
  await model.fit(twice(), null, { verbose: 0, classWeight: { 1: 2 } });
  t.is(model.optimizer.iterations, 2);
  await model.fit(new Set([[x, y] as const]), null, { verbose: 0, epochs: 3 });
  t.is(model.optimizer.iterations, 5);
});

test('a generator of validation batches goes on where it was', async (t) => {
  const model = new Sequential([Input({ shape: [1] }), new Dense({ units: 1, kernelInitializer: 'ones' })]);
  model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: 'mse' });
  function* count() {
    for (let i = 0; ; i++) yield [[[i]], [[0]]] as const;
  }
  const { history } = await model.fit(count(), null, {
    stepsPerEpoch: 3,
    epochs: 2,
    validationData: count(),
    validationSteps: 2,
    verbose: 0,
  });
  // Batches 0, 1, 2, then 3, 4, 5 to train on. Keras validates on batches 0 and 1 each time; here come 2 and 3.
  t.deepEqual(history.loss, [5 / 3, 50 / 3].map(Math.fround));
  t.deepEqual(history.val_loss, [1 / 2, 13 / 2]);
});

test('weights come as arrays without a shape, which the layer tells', (t) => {
  const [layer] = classifier().layers;
  t.deepEqual(
    layer!.getWeights().map((values) => [values.constructor, values.length]),
    [
      [Float32Array, 4],
      [Float32Array, 2],
    ],
  );
  t.deepEqual(
    layer!.weights.map(({ shape }) => shape),
    [[2, 2], [2]],
  );
});

test.serial('initial weights, the order of arrays and dropout follow setRandomSeed', async (t) => {
  const eight = float32(
    Array.from({ length: 16 }, (_, i) => Math.sin(i)),
    [8, 2],
  );
  const results = async (seed: number) => {
    setRandomSeed(seed);
    const model = new Sequential([
      Input({ shape: [2] }),
      new Dropout({ rate: 0.5 }),
      new Dense({ units: 2, activation: 'softmax' }),
    ]);
    const initial = model.getWeights();
    // What is left to differ are the order of the samples, then the noise.
    const ofZeros = async (rate: number) => {
      const other = new Sequential([Input({ shape: [2] }), new Dropout({ rate }), new Dense({ units: 2 })]);
      other.setWeights(initial.map((values) => values.fill(0.5)));
      other.compile({ optimizer: 'sgd', loss: 'mse' });
      await other.fit(eight, eight, { batchSize: 1, verbose: 0 });
      return other.getWeights();
    };
    return { initial: model.getWeights(), order: await ofZeros(0), noise: await ofZeros(0.5) };
  };
  const [first, again, other] = [await results(1), await results(1), await results(2)];
  t.deepEqual(again, first);
  for (const key of ['initial', 'order', 'noise'] as const) t.notDeepEqual(other[key], first[key], key);
});

test('a whole number is a shift in pixels, even 1, which Python could write as 1.0', (t) => {
  setRandomSeed(0);
  const generator = new ImageDataGenerator({ widthShiftRange: 1 });
  const shifts = Array.from({ length: 20 }, () => generator.getRandomTransform([10, 10, 3]).ty);
  t.true(shifts.every((shift) => shift === 0));
  const fraction = new ImageDataGenerator({ widthShiftRange: 0.5 });
  t.true(
    Array.from({ length: 20 }, () => fraction.getRandomTransform([10, 10, 3]).ty).some(
      (shift) => shift !== 0,
    ),
  );
});

test('a model has one output', (t) => {
  const inputs = Input({ shape: [2] });
  const a = new Dense({ units: 1 }).apply(inputs);
  t.throws(() => new Model({ inputs, outputs: [a, a] as never }), {
    message:
      'Expected a model of one output. Received: 2. Hint: make one model for each, of the same inputs.',
  });
  t.is(new Model({ inputs, outputs: [a] }).output, a);
});

test('several batches may pass between two moves of the bar, unless a callback watches each', async (t) => {
  const model = classifier();
  const many = float32(new Float32Array(400), [200, 2]);
  const targets = float32(
    Float32Array.from({ length: 400 }, (_, i) => i % 2),
    [200, 2],
  );
  let drawn = 0;
  const print = (text: string) => {
    drawn += text.split('/100').length - 1;
  };
  await model.fit(many, targets, { batchSize: 2, print });
  t.true(drawn < 100, String(drawn));
});
