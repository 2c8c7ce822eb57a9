/**
 * The article's script, line by line: MobileNet, frozen, with a head of its own for the faces in a folder.
 *
 * node dist/tools/face-recognition.js data/characters/train data/characters/test --epochs 5
 */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { argMax, saveLabelled } from 'ort-transfer';
import { MobileNet } from 'ort-transfer/applications';
import { EarlyStopping, ModelCheckpoint } from 'ort-transfer/callbacks';
import { Dense, GlobalAveragePooling2D, type KerasTensor } from 'ort-transfer/layers';
import { loadModel, Model } from 'ort-transfer/models';
import { RMSprop } from 'ort-transfer/optimizers';
import { ImageDataGenerator, imgToArray, loadImg } from 'ort-transfer/preprocessing/image';
import { setRandomSeed } from 'ort-transfer/utils';

interface Options {
  /** Folder with one sub-folder of pictures a class. */
  train: string;
  validation: string;
  /** `imagenet`, `vggface2`, a file in Keras's HDF5 layout, or `null` for random weights. */
  weights: string | null;
  alpha: number;
  /** Height and width in pixels. */
  size: number;
  epochs: number;
  batchSize: number;
  seed: number;
  /** Folder for `face_recognition.h5` and the labelled picture. */
  out: string;
}

/** The dense layers on top of the frozen ones. */
function getHead(bottomModel: Model, numClasses: number): KerasTensor {
  let topModel = bottomModel.output;
  topModel = new GlobalAveragePooling2D().apply(topModel);
  topModel = new Dense({ units: 1024, activation: 'relu' }).apply(topModel);
  topModel = new Dense({ units: 512, activation: 'relu' }).apply(topModel);
  topModel = new Dense({ units: 512, activation: 'relu' }).apply(topModel);
  return new Dense({ units: numClasses, activation: 'softmax' }).apply(topModel);
}

export async function recogniseFaces({ train, validation, out, ...options }: Options): Promise<void> {
  const { weights, alpha, size, epochs, batchSize, seed } = options;
  setRandomSeed(seed);

  const mobileNet = await MobileNet({ weights, alpha, includeTop: false, inputShape: [size, size, 3] });
  for (const layer of mobileNet.layers) layer.trainable = false;
  for (const [i, layer] of mobileNet.layers.entries())
    console.log(`${i} ${layer.className} ${layer.trainable ? 'True' : 'False'}`);

  // The article writes 14; here the folder decides.
  const folders = (await readdir(train, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const numClasses = folders.length;
  const model = new Model({ inputs: mobileNet.input, outputs: getHead(mobileNet, numClasses) });
  model.summary();

  const trainDatagen = new ImageDataGenerator({
    rescale: 1 / 255,
    rotationRange: 20,
    widthShiftRange: 0.1,
    heightShiftRange: 0.1,
    horizontalFlip: true,
    fillMode: 'nearest',
  });
  const validationDatagen = new ImageDataGenerator({ rescale: 1 / 255 });
  const flow = { targetSize: [size, size], batchSize, classMode: 'categorical' } as const;
  const trainGenerator = trainDatagen.flowFromDirectory(train, flow);
  const validationGenerator = validationDatagen.flowFromDirectory(validation, { ...flow, shuffle: false });

  const path = join(out, 'face_recognition.h5');
  const checkpoint = new ModelCheckpoint({
    filepath: path,
    monitor: 'val_loss',
    mode: 'min',
    saveBestOnly: true,
    verbose: 1,
  });
  const earlyStop = new EarlyStopping({
    monitor: 'val_loss',
    minDelta: 0,
    patience: 3,
    verbose: 1,
    restoreBestWeights: true,
  });

  model.compile({
    loss: 'categorical_crossentropy',
    optimizer: new RMSprop({ learningRate: 0.001 }),
    metrics: ['accuracy'],
  });
  const { history } = await model.fit(trainGenerator, null, {
    stepsPerEpoch: trainGenerator.length,
    epochs,
    callbacks: [earlyStop, checkpoint],
    validationData: validationGenerator,
    validationSteps: validationGenerator.length,
    // The article changes pictures at random; eight looks at each are as good as ever new ones, and much faster.
    views: 8,
  });
  console.log(JSON.stringify(history));
  await model.release();

  const classifier = await loadModel(path);
  const names = trainGenerator.classNames;
  const picture = validationGenerator.filepaths[0]!;
  const { data } = imgToArray(await loadImg(picture, { targetSize: [size, size] }));
  const x = { type: 'float32', dims: [1, size, size, 3], data: data.map((level) => level / 255) } as const;
  const { data: probabilities } = await classifier.predict(x, { verbose: 0 });
  const best = argMax(probabilities);
  console.log(`${validationGenerator.filenames[0]}: ${names[best]}`);
  const predictions = names
    .map((label, i) => ({ label, probability: probabilities[i]! }))
    .sort((a, b) => b.probability - a.probability);
  await saveLabelled(picture, { predictions }, join(out, 'face.png'));
  await classifier.release();
}

const usage = `face-recognition TRAIN VALIDATION [--weights imagenet|vggface2|none|FILE] [--alpha 1] [--size 224]
                 [--epochs 5] [--batch-size 16] [--seed 0] [--out .]`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      weights: { type: 'string', default: 'imagenet' },
      alpha: { type: 'string', default: '1' },
      size: { type: 'string', default: '224' },
      epochs: { type: 'string', default: '5' },
      'batch-size': { type: 'string', default: '16' },
      seed: { type: 'string', default: '0' },
      out: { type: 'string', default: '.' },
    },
  });
  const [train, validation] = positionals;
  if (train === undefined || validation === undefined) {
    console.error(usage);
    process.exitCode = 1;
    return;
  }
  await recogniseFaces({
    train,
    validation,
    weights: values.weights === 'none' ? null : values.weights,
    alpha: Number(values.alpha),
    size: Number(values.size),
    epochs: Number(values.epochs),
    batchSize: Number(values['batch-size']),
    seed: Number(values.seed),
    out: values.out,
  });
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
