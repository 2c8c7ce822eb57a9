import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { caffeScaling, tfScaling } from '../../src/graph/preprocessing.js';
import { float32, type Tensor } from '../../src/graph/tensor.js';
import {
  Conv2D,
  Dense,
  Flatten,
  GlobalAveragePooling2D,
  Input,
  type InputLayer,
} from '../../src/keras/layers/index.js';
import { type FitOptions, Model, Sequential } from '../../src/keras/models/index.js';
import { SGD } from '../../src/keras/optimizers/index.js';
import { ImageDataGenerator, type ImageDataGeneratorOptions } from '../../src/keras/preprocessing/index.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { assertClose } from '../compare.js';
import { drawClasses } from './article.js';

const root = mkdtempSync(join(tmpdir(), 'iterators-'));
test.before(() => drawClasses(root, { classes: 2, pictures: 5, seed: 1, size: 24 }));
test.after.always(() => rmSync(root, { recursive: true }));

/** A frozen convolution with a head, and batches of 4, 4 and 2 pictures whose making is counted. */
function start(options: ImageDataGeneratorOptions = {}, flow = {}) {
  setRandomSeed(4);
  const input = Input({ shape: [16, 16, 3] });
  const frozen = new Conv2D({ filters: 8, kernelSize: 3, activation: 'relu', trainable: false });
  const pooled = new GlobalAveragePooling2D().apply(frozen.apply(input));
  const outputs = new Dense({ units: 2, activation: 'softmax' }).apply(pooled);
  const model = new Model({ inputs: input, outputs });
  model.compile({ optimizer: 'rmsprop', loss: 'categorical_crossentropy', metrics: ['accuracy'] });
  const made = { count: 0 };
  class Counting extends ImageDataGenerator {
    override applyTransform(...given: Parameters<ImageDataGenerator['applyTransform']>) {
      made.count++;
      return super.applyTransform(...given);
    }
  }
  const generator = new Counting({
    rescale: 1 / 255,
    preprocessingFunction: (image) => image,
    ...options,
  });
  const batches = generator.flowFromDirectory(root, {
    targetSize: [16, 16],
    batchSize: 4,
    seed: 3,
    print() {},
    ...flow,
  });
  return { model, frozen, made, generator, batches };
}

const silent = { verbose: 0 } as const satisfies FitOptions;

test('pictures that stay as they are go through the frozen part once', async (t) => {
  const { model, made, batches } = start();
  await model.fit(batches, null, { epochs: 3, ...silent });
  t.is(made.count, 10);
  await model.fit(batches, null, { epochs: 2, validationData: batches, ...silent });
  await model.evaluate(batches, null, { verbose: 0 });
  t.is(made.count, 10);
  t.is(model.optimizer.iterations, 15);
});

test.serial('training from memory is training from files', async (t) => {
  const train = async (views?: number) => {
    const { model, made, batches } = start();
    const { history } = await model.fit(batches, null, { epochs: 4, views, ...silent });
    t.is(made.count, views === undefined ? 10 : 40);
    return [...history.loss!, ...model.getWeights().flatMap((values) => [...values])];
  };
  // Batches of other sizes are convolved in other orders.
  assertClose(t, await train(), await train(Number.POSITIVE_INFINITY), {
    label: 'all',
    relative: 1e-5,
    absolute: 1e-7,
  });
});

test('pictures that change at random are made anew in each epoch', async (t) => {
  const { model, made, batches } = start({ rotationRange: 30 });
  await model.fit(batches, null, { epochs: 3, ...silent });
  t.is(made.count, 30);
});

test.serial('with views, the first epochs make them and the others use them again', async (t) => {
  const losses = async (views: number, epochs: number) => {
    const { model, made, batches } = start({ rotationRange: 30, horizontalFlip: true });
    const { history } = await model.fit(batches, null, { epochs, views, ...silent });
    return { losses: history.loss!, made: made.count };
  };
  const always = await losses(Number.POSITIVE_INFINITY, 5);
  const twice = await losses(2, 5);
  t.is(twice.made, 20);
  assertClose(t, twice.losses.slice(0, 2), always.losses.slice(0, 2), { label: 'first epochs' });
  t.notDeepEqual(twice.losses.slice(2), always.losses.slice(2));
});

test('features are computed anew once frozen weights or statistics have changed', async (t) => {
  const { model, frozen, made, generator, batches } = start();
  await model.fit(batches, null, silent);
  frozen.setWeights(frozen.getWeights().map((values) => values.map((value) => 2 * value)));
  await model.fit(batches, null, silent);
  t.is(made.count, 20);
  generator.mean = float32([1, 2, 3], [1, 1, 3]);
  await model.fit(batches, null, silent);
  t.is(made.count, 30);
});

test('pictures that are written down, or that are the targets, are made each time', async (t) => {
  const saveToDir = mkdtempSync(join(tmpdir(), 'saved-'));
  t.teardown(() => rmSync(saveToDir, { recursive: true }));
  const { model, made, batches } = start({}, { saveToDir });
  await model.fit(batches, null, { epochs: 2, ...silent });
  t.is(made.count, 20);
});

test('fit ends an epoch where the pictures end, and says so; fitGenerator goes on', async (t) => {
  const warnings: string[] = [];
  const options = { epochs: 2, stepsPerEpoch: 4, warn: (text: string) => warnings.push(text), ...silent };
  const one = start();
  await one.model.fit(one.batches, null, options);
  t.is(one.model.optimizer.iterations, 6);
  t.is(warnings.length, 2);
  t.regex(warnings[0]!, /^Your input ran out of data; interrupting training/);

  warnings.length = 0;
  const two = start();
  const { history } = await two.model.fitGenerator(two.batches, { ...options, validationData: two.batches });
  t.is(two.model.optimizer.iterations, 8);
  t.is(history.val_loss!.length, 2);
  t.deepEqual(warnings, [
    '`Model.fit_generator` is deprecated and will be removed in a future version. Please use `Model.fit`, which supports generators.',
  ]);
});

test('predict follows the order of the pictures', async (t) => {
  const { model, batches } = start({}, { shuffle: false, batchSize: 3 });
  const all = await model.predict(batches, { verbose: 0 });
  t.deepEqual(all.dims, [10, 2]);
  const parts: number[] = [];
  for (let i = 0; i < batches.length; i++) {
    const [x] = await batches.get(i);
    parts.push(...(await model.predict(x, { verbose: 0 })).data);
  }
  assertClose(t, all.data, parts, { label: 'predictions' });
  const some = await model.predict(batches, { verbose: 0, steps: 2 });
  t.deepEqual(some.dims, [6, 2]);
});

test('a picture that cannot be read ends fit with its name, even when read ahead', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'broken-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  await drawClasses(folder, { classes: 2, pictures: 3, seed: 1, size: 20 });
  writeFileSync(join(folder, 'class 1/2.png'), 'nothing');
  const { model, generator } = start();
  const batches = generator.flowFromDirectory(folder, {
    targetSize: [16, 16],
    batchSize: 1,
    shuffle: false,
    print() {},
  });
  const error = await t.throwsAsync(model.fit(batches, null, { shuffle: false, ...silent }));
  t.regex(error!.message, /class 1\/2\.png/);
  t.is(model.optimizer.iterations, 5);
});

test('warns once of pictures that are scaled otherwise than pretrained weights want them', async (t) => {
  const warnings: string[] = [];
  const options = { warn: (text: string) => warnings.push(text), ...silent };
  const { model, batches } = start();
  await model.fit(batches, null, options);
  t.deepEqual(warnings, []);

  (model.inputs[0]!.layer as InputLayer).expectedScaling = tfScaling;
  await model.fit(batches, null, { ...options, validationData: batches });
  t.deepEqual(warnings, [
    'Expected pictures scaled as the pretrained weights were trained with: RGB in [-1.0, 1.0]. ' +
      'Received: RGB in [0.0, 1.0] from the ImageDataGenerator. ' +
      'Hint: pass `preprocessingFunction: preprocessInput` in place of `rescale`, or train on knowingly.',
  ]);
  const outer = new Sequential([model]);
  t.is(outer.expectedScaling, tfScaling);
  (model.inputs[0]!.layer as InputLayer).expectedScaling = caffeScaling;
  t.is(outer.expectedScaling, caffeScaling);
});

test("what goes with arrays alone is refused in Keras's words", async (t) => {
  const { model, batches } = start();
  const y = [[1, 0]];
  await t.throwsAsync(model.fit(batches, y, silent), {
    message:
      'When providing `x` as a PyDataset, `y` should not be passed. Instead, the targets should be included as part of the PyDataset.',
  });
  await t.throwsAsync(model.fit(batches, null, { validationSplit: 0.5, ...silent }), {
    message: /^Argument `validation_split` is only supported for tensors or NumPy arrays\./,
  });
  const x: Tensor<'float32'> = float32(new Float32Array(768), [1, 16, 16, 3]);
  await t.throwsAsync(model.fit(x, y, { sampleWeight: [1], classWeight: { 0: 1 }, ...silent }), {
    message: 'You cannot `class_weight` and `sample_weight` at the same time.',
  });
  await t.throwsAsync(model.fit(batches, null, { views: 0, ...silent }), {
    message: 'Expected `views` to be a positive whole number. Received: 0.',
  });
});

/** The losses of epochs that learn nothing, with a function that adds noise to one picture in so many, or to none. */
async function lossesWithNoise(share: number, frozen: 'weights' | 'nothing') {
  setRandomSeed(4);
  const calls = { count: 0 };
  const generator = new ImageDataGenerator({
    preprocessingFunction(image) {
      calls.count++;
      const isNoisy = Math.random() < share;
      return float32(
        image.data.map((value) => value / 255 + (isNoisy ? Math.random() : 0)),
        image.dims,
      );
    },
  });
  const layers =
    frozen === 'weights'
      ? [new Conv2D({ filters: 2, kernelSize: 3, trainable: false }), new GlobalAveragePooling2D()]
      : [new Flatten()];
  const head = new Dense({ units: 2, activation: 'softmax' });
  const model = new Sequential([Input({ shape: [16, 16, 3] }), ...layers, head]);
  model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: 'categorical_crossentropy' });
  const batches = generator.flowFromDirectory(root, { targetSize: [16, 16], batchSize: 10, print() {} });
  const { history } = await model.fit(batches, null, { epochs: 3, ...silent });
  return { losses: new Set(history.loss?.map((loss) => loss.toFixed(5))).size, calls: calls.count };
}

test('a function that changes pictures at random does so in each epoch, before a frozen part, too', async (t) => {
  t.is((await lossesWithNoise(1, 'weights')).losses, 3);
  t.is((await lossesWithNoise(0.5, 'weights')).losses, 3);
  const same = await lossesWithNoise(0, 'weights');
  t.is(same.losses, 1);
  t.true(same.calls < 30, `${same.calls} calls`);
});

test('before layers without weights, a function is called for each picture in each epoch', async (t) => {
  t.deepEqual(await lossesWithNoise(1, 'nothing'), { losses: 3, calls: 30 });
  t.deepEqual(await lossesWithNoise(0, 'nothing'), { losses: 1, calls: 30 });
});

test("classMode 'input' takes the pictures themselves for targets", async (t) => {
  const { generator } = start();
  const batches = generator.flowFromDirectory(root, {
    targetSize: [16, 16],
    batchSize: 4,
    classMode: 'input',
    shuffle: false,
    print() {},
  });
  const model = new Sequential([
    Input({ shape: [16, 16, 3] }),
    new Dense({ units: 3, kernelInitializer: 'zeros' }),
  ]);
  model.compile({ optimizer: new SGD({ learningRate: 0.5 }), loss: 'mse', metrics: ['mse'] });
  const levels: number[] = [];
  for await (const [x] of batches) {
    levels.push(...x.data);
    if (levels.length === 10 * 16 * 16 * 3) break;
  }
  const meanSquare = levels.reduce((sum, level) => sum + level ** 2, 0) / levels.length;
  const before = await model.evaluate(batches, null, { verbose: 0 });
  assertClose(t, [before.loss!, before.mse!], [meanSquare, meanSquare], { label: 'loss', relative: 1e-5 });
  const { history } = await model.fit(batches, null, { epochs: 20, ...silent });
  t.true(history.loss!.at(-1)! < 0.3 * meanSquare, String(history.loss));
});
