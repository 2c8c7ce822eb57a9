import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Conv2D } from '../../src/keras/layers/conv2d.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { DepthwiseConv2D } from '../../src/keras/layers/depthwise-conv2d.js';
import { GlobalAveragePooling2D } from '../../src/keras/layers/global-pooling2d.js';
import { Input } from '../../src/keras/layers/input.js';
import { AveragePooling2D, MaxPooling2D } from '../../src/keras/layers/pooling2d.js';
import { SeparableConv2D } from '../../src/keras/layers/separable-conv2d.js';
import { ZeroPadding2D } from '../../src/keras/layers/zero-padding2d.js';
import type { EngineChoice } from '../../src/keras/models/compilation.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { RMSprop, SGD } from '../../src/keras/optimizers/index.js';
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

/** Every layer that slides a window, of images whose size the graph knows or not. */
async function trainOnImages(engine: EngineChoice, size: [number, number] | [null, null]) {
  setRandomSeed(5);
  const pool = { poolSize: 3, strides: 2, padding: 'same' };
  const model = new Sequential([
    Input({ shape: [...size, 3] }),
    new Conv2D({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
    new BatchNormalization(),
    new MaxPooling2D(pool),
    new DepthwiseConv2D({ kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'tanh' }),
    new Conv2D({ filters: 6, kernelSize: [2, 1], groups: 2, dilationRate: [2, 1] }),
    new ZeroPadding2D({ padding: 1 }),
    new SeparableConv2D({ filters: 6, kernelSize: 3, strides: 2, padding: 'same' }),
    new AveragePooling2D({ ...pool, strides: 1 }),
    new GlobalAveragePooling2D(),
    new Dense({ units: 3, activation: 'softmax' }),
  ]);
  model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: 'categorical_crossentropy', engine });
  const random = randomStream(3);
  const x = float32(
    Float32Array.from({ length: 20 * 17 * 14 * 3 }, () => random() - 0.5),
    [20, 17, 14, 3],
  );
  const y = float32(new Float32Array(20 * 3), [20, 3]);
  for (let i = 0; i < 20; i++) y.data[i * 3 + (i % 3)] = 1;
  const { history } = await model.fit(x, y, { batchSize: 8, epochs: 2, verbose: 0 });
  const weights = model.weights.map(({ name, value }) => [name, value] as const);
  await model.release();
  return { weights, loss: history.loss! };
}

test.serial(
  'windows slide, and send gradients back, in engine js as in ONNX Runtime, whether or not the size is known',
  async (t) => {
    const expected = await trainOnImages('ort', [17, 14]);
    const tolerance = { relative: 1e-4, absolute: 1e-5 };
    for (const [engine, ...size] of [
      ['js', 17, 14],
      ['ort', null, null],
      ['js', null, null],
    ] as [EngineChoice, number, number][]) {
      const label = `${engine} ${size}`;
      const { weights, loss } = await trainOnImages(engine, size);
      assertClose(t, loss, expected.loss, { label: `${label}: loss`, ...tolerance });
      t.is(weights.length, expected.weights.length);
      for (const [i, [name, value]] of weights.entries())
        assertClose(t, value, expected.weights[i]![1], { label: `${label}: ${name}`, ...tolerance });
    }
  },
);

test.serial('a model trained on engine js is the model trained on ONNX Runtime', async (t) => {
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
