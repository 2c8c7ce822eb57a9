/** What differs from Keras on purpose: the README's table says so, and this shows it. */
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/index.js';
import { setRandomSeed } from '../../src/keras/global-random.js';
import { Conv2D, Dense, Flatten, Input } from '../../src/keras/layers/index.js';
import { Model, Sequential } from '../../src/keras/models/index.js';
import { ImageDataGenerator } from '../../src/keras/preprocessing/index.js';

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

test('layers that only go forward are refused where they would train', async (t) => {
  const model = new Sequential([
    Input({ shape: [4, 4, 1] }),
    new Conv2D({ filters: 1, kernelSize: 3, name: 'conv' }),
    new Flatten(),
    new Dense({ units: 2, activation: 'softmax' }),
  ]);
  model.compile({ loss: 'categorical_crossentropy' });
  await t.throwsAsync(model.fit(float32(new Float32Array(32), [2, 4, 4, 1]), y, { verbose: 0 }), {
    message:
      "The layer 'conv' (Conv2D) has no backward pass here. Hint: freeze it, and every layer before it, with `layer.trainable = false`.",
  });
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
  t.throws(() => new Model({ inputs, outputs: [a, a] as never }));
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
