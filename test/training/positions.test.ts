/** Outputs of rank 3 and 4, computed by hand. Compared with Keras in test/parity/positions. */
import test from 'ava';
import { float32, sizeOf } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Model } from '../../src/keras/models/model.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { SGD } from '../../src/keras/optimizers/index.js';
import { assertClose } from '../compare.js';

/** Sines of 1.7·i + shift. */
const sines = (dims: readonly number[], shift: number) =>
  float32(
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => Math.sin(i * 1.7 + shift)),
    dims,
  );

for (const engine of ['ort', 'js'] as const)
  for (const dims of [
    [3, 2],
    [3, 3, 2],
    [5, 2, 2],
    [2, 3, 4, 2],
  ])
    test(`mean squared error of (${dims}) is the mean over every axis (${engine})`, async (t) => {
      const layer = new Dense({ units: 2, useBias: false, kernelInitializer: 'ones' });
      const model = new Sequential([Input({ shape: dims.slice(1) }), layer]);
      model.compile({ loss: 'mse', optimizer: new SGD({ learningRate: 1 }), metrics: ['mse'], engine });
      const [x, y] = [sines(dims, 1), sines(dims, 2)];

      // p = x₀ + x₁ for both outputs; loss = mean (p − y)², and dKernel[i, j] = mean 2·(p − y)·x.
      const n = x.data.length;
      let loss = 0;
      const kernel = [1, 1, 1, 1];
      for (let at = 0; at < n; at += 2) {
        const inputs = [x.data[at] ?? 0, x.data[at + 1] ?? 0];
        for (const j of [0, 1]) {
          const error = (inputs[0] ?? 0) + (inputs[1] ?? 0) - (y.data[at + j] ?? 0);
          loss += error ** 2 / n;
          for (const [i, input] of inputs.entries())
            kernel[2 * i + j] = (kernel[2 * i + j] ?? 0) - (2 * error * input) / n;
        }
      }
      if (dims.join() === '3,3,2') t.is(loss.toFixed(4), '0.9064');
      const close = { relative: 1e-5 };
      const logs = await model.evaluate(x, y, { verbose: 0 });
      assertClose(t, [logs.loss ?? 0, logs.mse ?? 0], [loss, loss], { label: 'evaluate', ...close });
      assertClose(t, [(await model.trainOnBatch(x, y)).loss ?? 0], [loss], { label: 'train', ...close });
      assertClose(
        t,
        layer.getWeights().flatMap((weight) => [...weight]),
        kernel,
        { label: 'kernel', ...close },
      );
      await model.release();
    });

test('class indices may lack the last axis; class weights are for one class a sample', async (t) => {
  const input = Input({ shape: [3, 2] });
  const model = new Model({
    inputs: input,
    outputs: new Dense({ units: 4, activation: 'softmax', kernelInitializer: 'zeros' }).apply(input),
  });
  model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'], engine: 'js' });
  const x = sines([2, 3, 2], 0);
  for (const y of [
    [
      [0, 1, 2],
      [3, 0, 0],
    ],
    [
      [[0], [1], [2]],
      [[3], [0], [0]],
    ],
  ]) {
    const { loss, accuracy } = await model.evaluate(x, y, { verbose: 0 });
    assertClose(t, [loss ?? 0, accuracy ?? 0], [Math.log(4), 0.5], { label: 'evaluate', relative: 1e-6 });
  }
  await t.throwsAsync(model.evaluate(x, [[0], [1]], { verbose: 0 }), {
    message:
      'Arguments `target` and `output` must have the same shape up until the last dimension: target.shape=(None, 1), output.shape=(None, 3, 4). Hint: categorical_crossentropy takes one-hot rows.',
  });
  const y = [
    [0, 1, 2],
    [3, 0, 0],
  ];
  await t.throwsAsync(model.fit(x, y, { classWeight: { 0: 2 }, verbose: 0 }), {
    message:
      'Expected targets of one class a sample with `classWeight`. Received: targets of shape (2, 3, 1). Hint: weigh samples with `sampleWeight`.',
  });
  const weighted = await model.evaluate(x, y, { sampleWeight: [[[2]], [[0]]], verbose: 0 });
  assertClose(t, [weighted.loss ?? 0], [Math.log(4)], { label: 'weighted', relative: 1e-6 });
  await t.throwsAsync(
    model.evaluate(x, y, {
      sampleWeight: [
        [1, 2, 3],
        [1, 2, 3],
      ],
      verbose: 0,
    }),
    {
      message: 'Expected one weight for each sample. Received: weights of shape (2, 3).',
    },
  );
});
