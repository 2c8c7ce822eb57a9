import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import type { EngineChoice } from '../../src/keras/models/compilation.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { RMSprop } from '../../src/keras/optimizers/index.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { assertClose } from '../compare.js';
import { randomStream } from './node.js';

/** A head of two layers, trained for three epochs, the last batch of each being short. */
async function train(engine: EngineChoice) {
  setRandomSeed(5);
  const model = new Sequential([
    Input({ shape: [12] }),
    new Dense({ units: 16, activation: 'relu' }),
    new Dense({ units: 3, activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: new RMSprop({ learningRate: 0.01 }),
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    engine,
  });
  const random = randomStream(3);
  const x = float32(
    Float32Array.from({ length: 50 * 12 }, () => random() - 0.5),
    [50, 12],
  );
  const y = float32(new Float32Array(50 * 3), [50, 3]);
  for (let i = 0; i < 50; i++) y.data[i * 3 + Math.floor(random() * 3)] = 1;
  const { history } = await model.fit(x, y, { batchSize: 16, epochs: 3, verbose: 0 });
  const predictions = await model.predict(x, { verbose: 0 });
  return { weights: model.weights, history, predictions };
}

test('a model trained on engine js is the model trained on ONNX Runtime', async (t) => {
  const js = await train('js');
  const ort = await train('ort');
  // Rounding differs in each of 12 steps.
  const tolerance = { relative: 1e-4, absolute: 1e-6 };
  t.is(js.weights.length, 4);
  js.weights.forEach(({ name, value }, i) => {
    assertClose(t, value, ort.weights[i]!.value, { label: name, ...tolerance });
  });
  t.deepEqual(Object.keys(js.history), ['accuracy', 'loss']);
  for (const [key, values] of Object.entries(js.history))
    assertClose(t, values, ort.history[key]!, { label: key, ...tolerance });
  assertClose(t, js.predictions, ort.predictions, { label: 'predictions', ...tolerance });
});
