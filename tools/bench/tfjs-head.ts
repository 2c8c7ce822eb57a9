/** The same head in TensorFlow.js, on its wasm backend. */
import { fileURLToPath } from 'node:url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';

/**
 * @param widths the input's and each layer's units
 * @returns a function that trains on the data for an epoch
 */
export async function tfjsHead(
  widths: readonly number[],
  { x, y, samples, batchSize }: { x: Float32Array; y: Float32Array; samples: number; batchSize: number },
): Promise<() => Promise<void>> {
  setWasmPaths(fileURLToPath(new URL('.', import.meta.resolve('@tensorflow/tfjs-backend-wasm'))));
  await tf.setBackend('wasm');
  const [features, ...units] = widths;
  const model = sequential();
  for (const [i, count] of units.entries())
    model.add(
      layers.dense({
        units: count,
        activation: i < units.length - 1 ? 'relu' : 'softmax',
        ...(i === 0 ? { inputShape: [features!] } : {}),
      }),
    );
  model.compile({
    optimizer: tf.train.rmsprop(0.001, 0.9, 0, 1e-7),
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
  });
  const xs = tf.tensor2d(x.subarray(0, samples * features!), [samples, features!]);
  const ys = tf.tensor2d(y.subarray(0, samples * widths.at(-1)!), [samples, widths.at(-1)!]);
  return async () => {
    await model.fit(xs, ys, { batchSize, epochs: 1, verbose: 0, yieldEvery: 'never' });
  };
}
