/**
 * Steps of fine-tuning through the Keras API, as `fine_tune_step.py` has them: the last blocks of MobileNet and a
 * dense head, from the activations where the frozen part ends.
 *
 * Arguments: blocks, 'frozen' or 'trained' BatchNormalization, epochs of five batches of 16.
 * Prints JSON: milliseconds of a step, the median of all epochs but the first.
 */
import { float32 } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/index.js';
import { LambdaCallback } from '../../src/keras/callbacks/index.js';
import { BatchNormalization, Dense, GlobalAveragePooling2D } from '../../src/keras/layers/index.js';
import { Model } from '../../src/keras/models/index.js';
import { RMSprop } from '../../src/keras/optimizers/index.js';
import { median } from './median.js';

const [blocks = '3', normalisation = 'frozen', epochs = '6'] = process.argv.slice(2);
const [batches, batchSize, classes] = [5, 16, 6];

const base = await MobileNet({ weights: null, includeTop: false, inputShape: [224, 224, 3] });
const first = base.layers.findIndex(({ name }) => name.endsWith(`_${14 - Number(blocks)}`));
for (const [i, layer] of base.layers.entries())
  layer.trainable = i >= first && !(normalisation === 'frozen' && layer instanceof BatchNormalization);
const x = new GlobalAveragePooling2D().apply(base.output);
const model = new Model({
  inputs: base.input,
  outputs: new Dense({ units: classes, activation: 'softmax' }).apply(x),
});
model.compile({ optimizer: new RMSprop({ learningRate: 1e-5 }), loss: 'categorical_crossentropy' });

const count = batches * batchSize;
const photos = float32(
  Float32Array.from({ length: count * 224 * 224 * 3 }, (_, i) => Math.sin(i * 12.9898)),
  [count, 224, 224, 3],
);
const targets = float32(new Float32Array(count * classes), [count, classes]);
for (let i = 0; i < count; i++) targets.data[i * classes + (i % classes)] = 1;
const times: number[] = [];
let began = 0;
const clock = new LambdaCallback({
  onEpochBegin() {
    began = performance.now();
  },
  onEpochEnd() {
    times.push((performance.now() - began) / batches);
  },
});
await model.fit(photos, targets, { batchSize, epochs: Number(epochs), callbacks: [clock], verbose: 0 });
await model.release();
console.log(JSON.stringify({ step: median(times.slice(2)), fastest: Math.min(...times) }));
