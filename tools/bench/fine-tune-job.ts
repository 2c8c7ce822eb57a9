/**
 * A fine-tuning job through the Keras API, as `fine_tune_job.py` has it: pictures from files, the last three blocks of
 * MobileNet and a dense head trained, the model saved.
 *
 * Arguments: folder of pictures, epochs, file to save. Prints JSON: seconds, the last epoch's loss.
 */
import { MobileNet, mobilenet } from '../../src/keras/applications/index.js';
import { BatchNormalization, Dense, GlobalAveragePooling2D } from '../../src/keras/layers/index.js';
import { Model } from '../../src/keras/models/index.js';
import { RMSprop } from '../../src/keras/optimizers/index.js';
import { ImageDataGenerator } from '../../src/keras/preprocessing/index.js';

const [folder, epochs, file] = process.argv.slice(2) as [string, string, string];
const began = performance.now();
const photos = new ImageDataGenerator({ preprocessingFunction: mobilenet.preprocessInput });
const training = photos.flowFromDirectory(folder, { targetSize: [224, 224], batchSize: 16, print() {} });
const base = await MobileNet({ weights: null, includeTop: false, inputShape: [224, 224, 3] });
const first = base.layers.findIndex(({ name }) => name.endsWith('_11'));
for (const [i, layer] of base.layers.entries())
  layer.trainable = i >= first && !(layer instanceof BatchNormalization);
const x = new GlobalAveragePooling2D().apply(base.output);
const outputs = new Dense({ units: training.numClasses, activation: 'softmax' }).apply(x);
const model = new Model({ inputs: base.input, outputs });
model.compile({ optimizer: new RMSprop({ learningRate: 1e-5 }), loss: 'categorical_crossentropy' });
const { history } = await model.fit(training, null, { epochs: Number(epochs), verbose: 0 });
await model.save(file);
await model.release();
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, loss: history.loss?.at(-1) }));
