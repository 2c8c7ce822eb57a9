/**
 * The article's job through the Keras API, as `article.py` has it: pictures, changed at random, through a frozen
 * MobileNet into a dense head.
 *
 * Arguments: folder of training pictures, folder of test pictures, epochs, views of each picture an epoch.
 * Prints JSON: seconds of `fit`, samples an epoch.
 */
import { MobileNet } from '../../src/keras/applications/index.js';
import { Dense, GlobalAveragePooling2D } from '../../src/keras/layers/index.js';
import { Model } from '../../src/keras/models/index.js';
import { ImageDataGenerator } from '../../src/keras/preprocessing/index.js';

const [train, test] = process.argv.slice(2, 4) as [string, string];
const [epochs, views] = process.argv.slice(4, 6).map(Number) as [number, number];

const augmenting = new ImageDataGenerator({
  rescale: 1 / 255,
  rotationRange: 12,
  widthShiftRange: 0.08,
  heightShiftRange: 0.08,
  zoomRange: 0.12,
  brightnessRange: [0.85, 1.15],
  horizontalFlip: true,
});
const shape = { targetSize: [224, 224], batchSize: 16, classMode: 'categorical', print() {} } as const;
const training = augmenting.flowFromDirectory(train, shape);
const validation = new ImageDataGenerator({ rescale: 1 / 255 }).flowFromDirectory(test, {
  ...shape,
  shuffle: false,
});

const base = await MobileNet({ weights: null, includeTop: false, inputShape: [224, 224, 3] });
base.trainable = false;
let x = new GlobalAveragePooling2D().apply(base.output);
for (const units of [1024, 512, 512]) x = new Dense({ units, activation: 'relu' }).apply(x);
const outputs = new Dense({ units: training.numClasses, activation: 'softmax' }).apply(x);
const model = new Model({ inputs: base.input, outputs });
model.compile({ optimizer: 'rmsprop', loss: 'categorical_crossentropy', metrics: ['accuracy'] });

// One pass is one view of each picture: `views` of them make an epoch, validated at its end.
const began = performance.now();
await model.fit(training, null, {
  epochs: epochs * views,
  views,
  validationData: validation,
  validationFreq: views,
  verbose: 0,
});
const seconds = (performance.now() - began) / 1000;
await model.release();
console.log(JSON.stringify({ seconds, samples: training.samples * views }));
