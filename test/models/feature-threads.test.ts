import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { float32 } from '../../src/graph/tensor.js';
import * as mobilenet from '../../src/keras/applications/mobilenet.js';
import { Conv2D, Dense, GlobalAveragePooling2D, Input } from '../../src/keras/layers/index.js';
import { FeatureCache, takeFeatureRows } from '../../src/keras/models/feature-cache.js';
import type { FitOptions } from '../../src/keras/models/fit.js';
import { Model } from '../../src/keras/models/index.js';
import { Parts } from '../../src/keras/models/parts.js';
import { ImageDataGenerator, type ImageDataGeneratorOptions } from '../../src/keras/preprocessing/index.js';
import type { ImageArray } from '../../src/keras/preprocessing/transform.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { assertClose } from '../compare.js';
import { drawClasses } from './article.js';

const root = mkdtempSync(join(tmpdir(), 'feature-threads-'));
test.before(() => drawClasses(root, { classes: 2, pictures: 5, seed: 1, size: 24 }));
test.after.always(() => rmSync(root, { recursive: true }));

const everyChange = {
  ...{ rescale: 1 / 255, rotationRange: 20, widthShiftRange: 0.1, heightShiftRange: 0.1, shearRange: 5 },
  ...{ zoomRange: 0.2, channelShiftRange: 20, brightnessRange: [0.7, 1.3], horizontalFlip: true },
  ...{ fillMode: 'reflect', interpolationOrder: 3, samplewiseCenter: true },
} as const satisfies ImageDataGeneratorOptions;

function start(options: ImageDataGeneratorOptions = everyChange, folder = root) {
  setRandomSeed(4);
  const input = Input({ shape: [16, 12, 3] });
  const frozen = new Conv2D({ filters: 8, kernelSize: 3, activation: 'relu', trainable: false });
  const pooled = new GlobalAveragePooling2D().apply(frozen.apply(input));
  const outputs = new Dense({ units: 2, activation: 'softmax' }).apply(pooled);
  const model = new Model({ inputs: input, outputs });
  model.compile({ optimizer: 'rmsprop', loss: 'categorical_crossentropy', metrics: ['accuracy'] });
  const loading = { targetSize: [16, 12], interpolation: 'bicubic', keepAspectRatio: true } as const;
  const batches = new ImageDataGenerator(options).flowFromDirectory(folder, {
    ...{ ...loading, batchSize: 4, seed: 3 },
    print() {},
  });
  return { model, frozen, batches };
}

for (const name of ['ort', 'js'] as const)
  test.serial(`threads make the features that are made on the spot (${name})`, async (t) => {
    const { model, frozen, batches } = start();
    const engine = name === 'js' ? jsEngine() : await ortNode({ provider: 'cpu' });
    const parts = new Parts(engine, model);
    const compare = async (index: number) => {
      const draws = batches.draw(index);
      const [x] = await batches.make(draws);
      const expected = await parts.extract([x]);
      const recipes = draws.indices.map((i, k) => batches.recipe(i, draws.transforms[k]!)!);
      for (const [i, rows] of (await parts.threads!.make(recipes)).entries()) {
        const [wanted] = takeFeatureRows(expected, i);
        t.deepEqual(
          rows?.map(({ dims }) => dims),
          [wanted!.dims],
        );
        assertClose(t, rows![0]!.data, wanted!.data, { label: 'features', relative: 1e-6, absolute: 1e-7 });
      }
    };
    await compare(0);
    // Weights that changed reach the threads, too.
    frozen.weights[0]!.value = frozen.weights[0]!.value.map((value) => -value);
    await compare(1);
    await parts.release();
  });

test.serial("threads scale pictures as Keras's preprocessing does", async (t) => {
  const { model, batches } = start({ ...everyChange, preprocessingFunction: mobilenet.preprocessInput });
  const parts = new Parts(await ortNode({ provider: 'cpu' }), model);
  const draws = batches.draw(0);
  const [x] = await batches.make(draws);
  const expected = await parts.extract([x]);
  const recipes = draws.indices.map((i, k) => batches.recipe(i, draws.transforms[k]!)!);
  for (const [i, rows] of (await parts.threads!.make(recipes)).entries())
    assertClose(t, rows![0]!.data, takeFeatureRows(expected, i)[0]!.data, {
      ...{ label: 'features', relative: 1e-6, absolute: 1e-7 },
    });
  await parts.release();
});

const closely = { label: 'losses and weights', relative: 1e-5, absolute: 1e-6 };

/** Swaps the pictures of two classes, file by file. */
function swapClasses(folder: string): void {
  const [a = '', b = ''] = readdirSync(folder).map((name) => join(folder, name));
  for (const name of readdirSync(a)) {
    renameSync(join(a, name), join(folder, 'aside'));
    renameSync(join(b, name), join(a, name));
    renameSync(join(folder, 'aside'), join(b, name));
  }
}

test.serial('pictures that are replaced are read anew, as Keras reads them in each epoch', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'feature-threads-replaced-'));
  try {
    await drawClasses(folder, { classes: 2, pictures: 5, seed: 2, size: 24 });
    const { model, batches } = start({ rescale: 1 / 255 }, folder);
    const lossOn = async (data: typeof batches) => [
      (await model.evaluate(data, null, { verbose: 0 })).loss ?? 0,
    ];
    const before = await lossOn(batches);
    assertClose(t, await lossOn(batches), before, closely);
    swapClasses(folder);
    const after = await lossOn(batches);
    t.true(Math.abs(after[0]! - before[0]!) > 0.01, `${after} after ${before}`);
    assertClose(t, after, await lossOn(start({ rescale: 1 / 255 }, folder).batches), closely);
    await model.release();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.serial('threads read a picture anew that was replaced between two of its views', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'feature-threads-views-'));
  try {
    await drawClasses(folder, { classes: 2, pictures: 2, seed: 2, size: 24 });
    const { model, batches } = start({ rescale: 1 / 255 }, folder);
    const parts = new Parts(await ortNode({ provider: 'cpu' }), model);
    const { transforms } = batches.draw(0);
    const make = async () => {
      const recipes = transforms.flatMap((transform, i) => batches.recipe(i, transform) ?? []);
      const rows = await parts.threads?.make(recipes);
      return rows?.map((row) => [...(row?.[0]?.data ?? [])]);
    };
    const before = await make();
    t.deepEqual(await make(), before);
    swapClasses(folder);
    const [a, b, c, d] = before ?? [];
    t.deepEqual(await make(), [c, d, a, b]);
    await parts.release();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('features are not kept that were drawn before what they depend on changed', (t) => {
  const cache = new FeatureCache(1);
  const rows = [float32([1])];
  cache.makeValidFor(['weights']);
  const [early] = cache.draw([{ index: 0, stamp: '' }]);
  cache.makeValidFor(['other weights']);
  cache.keep(early!, rows);
  const [late] = cache.draw([{ index: 0, stamp: '' }]);
  t.is(cache.get(late!), undefined);
  cache.keep(late!, rows);
  t.is(cache.get(late!), rows);
});

/** The losses and weights of a training. */
async function train(options: ImageDataGeneratorOptions, fit: FitOptions, folder = root): Promise<number[]> {
  const { model, batches } = start(options, folder);
  const { history } = await model.fit(batches, null, { ...fit, verbose: 0, validationData: batches });
  const weights = model.getWeights();
  await model.release();
  return [...history.loss!, ...history.val_loss!, ...weights.flatMap((values) => [...values])];
}

/** A function of the user's own cannot reach a thread. */
const onTheSpot = { ...everyChange, preprocessingFunction: (image: ImageArray) => image };

test.serial('fit comes to the same with threads and without', async (t) => {
  // 13 views of 10 pictures are enough for threads.
  const fit = { epochs: 15, views: 13 };
  assertClose(t, await train(everyChange, fit), await train(onTheSpot, fit), closely);
});

test.serial('fit comes to the same with threads and without where each epoch has new pictures', async (t) => {
  const many = mkdtempSync(join(tmpdir(), 'feature-threads-many-'));
  try {
    await drawClasses(many, { classes: 2, pictures: 64, seed: 1, size: 24 });
    const fit = { epochs: 2 };
    assertClose(t, await train(everyChange, fit, many), await train(onTheSpot, fit, many), closely);
  } finally {
    rmSync(many, { recursive: true });
  }
});

test('what threads cannot know is made on the spot', (t) => {
  const recipe = (options: ImageDataGeneratorOptions) => {
    const { batches } = start(options);
    const { indices, transforms } = batches.draw(0);
    return batches.recipe(indices[0]!, transforms[0]!);
  };
  t.is(recipe({ preprocessingFunction: (image) => image }), null);
  t.is(recipe({ featurewiseCenter: true }), null);
  t.is(recipe({ zcaWhitening: true, warn() {} }), null);
  t.not(recipe({ samplewiseCenter: true }), null);
});

test.serial('a picture that a thread cannot read is named as ever', async (t) => {
  const broken = mkdtempSync(join(tmpdir(), 'feature-threads-broken-'));
  try {
    await drawClasses(broken, { classes: 2, pictures: 5, seed: 1, size: 24 });
    const { batches } = start(everyChange, broken);
    const path = batches.filepaths[2]!;
    writeFileSync(path, 'no picture');
    const { model } = start(everyChange, broken);
    const error = await t.throwsAsync(model.fit(batches, null, { views: 13, verbose: 0 }));
    t.is(error.name, 'ImageError');
    t.true(error.message.startsWith(`${path}: `), error.message);
    await model.release();
  } finally {
    rmSync(broken, { recursive: true });
  }
});
