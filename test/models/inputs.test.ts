/** Data that do not fit are refused before anything is computed. */
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { Add, Dense, Flatten, Input } from '../../src/keras/layers/index.js';
import { Model, Sequential } from '../../src/keras/models/index.js';
import { ImageDataGenerator } from '../../src/keras/preprocessing/index.js';

const zeros = (...dims: number[]) => float32(new Float32Array(dims.reduce((a, b) => a * b)), dims);
const silent = { verbose: 0 } as const;

function classifier(shape: readonly number[] = [3]) {
  const model = new Sequential(
    [Input({ shape }), new Flatten(), new Dense({ units: 2, activation: 'softmax' })],
    { name: 'model' },
  );
  model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

test('inputs of another shape are refused by every method', async (t) => {
  const model = classifier();
  const [x, y] = [zeros(2, 5), [0, 1]];
  const expectation = {
    name: 'ValueError',
    message:
      'Input 0 of layer "model" is incompatible with the layer: expected shape=(None, 3), found shape=(2, 5)',
  };
  await t.throwsAsync(model.fit(x, y, silent), expectation);
  await t.throwsAsync(model.evaluate(x, y, silent), expectation);
  await t.throwsAsync(model.predict(x, silent), expectation);
  await t.throwsAsync(model.trainOnBatch(x, y), expectation);
});

test('inputs of another number are refused', async (t) => {
  const inputs = [Input({ shape: [3] }), Input({ shape: [3] })];
  const outputs = new Dense({ units: 1 }).apply(new Add().apply(inputs));
  const model = new Model({ inputs, outputs, name: 'two' });
  await t.throwsAsync(model.predict(zeros(2, 3), silent), {
    message: 'Layer "two" expects 2 input(s), but it received 1 input tensors.',
  });
});

test('a last axis of length 1 may be missing, or too many', async (t) => {
  t.deepEqual((await classifier([4, 4, 1]).predict(zeros(2, 4, 4), silent)).dims, [2, 2]);
  t.deepEqual((await classifier([3]).predict(zeros(2, 3, 1), silent)).dims, [2, 2]);
  await t.throwsAsync(classifier([4, 4, 3]).predict(zeros(4, 4, 3), silent), {
    message: /expected shape=\(None, 4, 4, 3\), found shape=\(4, 4, 3\)$/,
  });
});

test('class indices that are no class are refused', async (t) => {
  const model = classifier();
  for (const [index, y] of [
    [2, [0, 2]],
    [-1, [-1, 0]],
    [Number.NaN, [0, Number.NaN]],
  ] as const)
    await t.throwsAsync(model.fit(zeros(2, 3), y, silent), {
      name: 'ValueError',
      message: `Received a label value of ${index} which is outside the valid range of [0, 2).`,
    });
  await t.notThrowsAsync(model.fit(zeros(2, 3), [0, 1], silent));
});

test('class indices may be a typed array, as iterators have them', async (t) => {
  const model = classifier();
  await model.fit(zeros(2, 3), Int32Array.of(0, 1), silent);
  const { loss } = await model.evaluate(zeros(2, 3), Int32Array.of(1, 1), silent);
  t.deepEqual(loss, (await model.evaluate(zeros(2, 3), [1, 1], silent)).loss);
});

test('nothing to train on is refused', async (t) => {
  const model = classifier();
  await t.throwsAsync(model.fit(zeros(0, 3), [], silent), {
    message: 'Expected at least one sample. Received: none.',
  });
  const pictures = new ImageDataGenerator().flow(zeros(0, 1, 1, 3), null);
  await t.throwsAsync(classifier([1, 1, 3]).fit(pictures, null, silent), {
    message: /^The PyDataset has length 0\./,
  });
  await t.throwsAsync(model.fit(zeros(2, 3), [0, 1], { batchSize: 0, ...silent }), {
    message: 'Expected `batchSize` to be a positive whole number. Received: 0.',
  });
});

test('a generator that yields no pairs is told what to yield', async (t) => {
  function* inputsAlone() {
    yield zeros(2, 3);
  }
  await t.throwsAsync(classifier().fit(inputsAlone() as never, null, silent), {
    message: 'Expected a batch to be a list `[x, y]` or `[x, y, sampleWeight]`. Received: no list.',
  });
});

test('a Sequential without an Input takes its shape from the first arrays, or from build', async (t) => {
  const make = () => {
    const model = new Sequential([
      new Dense({ units: 4, activation: 'relu' }),
      new Dense({ units: 2, activation: 'softmax' }),
    ]);
    model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
    return model;
  };
  const fitted = make();
  function* batches() {
    yield [zeros(2, 3), [0, 1]] as const;
  }
  await t.throwsAsync(fitted.fit(batches(), null, silent), { message: /has not been built yet/ });
  const { history } = await fitted.fit(zeros(2, 3), [0, 1], silent);
  t.deepEqual(Object.keys(history).sort(), ['accuracy', 'loss']);
  t.deepEqual(fitted.inputShape, [null, 3]);

  const built = make();
  built.build([null, 7]);
  t.is(built.countParams(), 7 * 4 + 4 + 4 * 2 + 2);
  await t.notThrowsAsync(built.fit(zeros(2, 7), [0, 1], silent));
  t.deepEqual((await make().predict(zeros(5, 3), silent)).dims, [5, 2]);
});
