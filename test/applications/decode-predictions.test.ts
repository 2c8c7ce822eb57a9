import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import test from 'ava';
import { applications, decodePredictions, float32 } from '../../src/index.js';
import { withFolder } from '../saving/folder.js';

test("a model's own classes are named, the likeliest first, of equals the last", async (t) => {
  const predictions = float32([0.25, 0.5, 0.25, 0.125, 0.125, 0.75], [2, 3]);
  const classNames = ['ash', 'birch', 'cedar'];
  t.deepEqual(await decodePredictions(predictions, { top: 2, classNames }), [
    [
      ['birch', 'birch', 0.5],
      ['cedar', 'cedar', 0.25],
    ],
    [
      ['cedar', 'cedar', 0.75],
      ['birch', 'birch', 0.125],
    ],
  ]);
  await t.throwsAsync(decodePredictions(float32([1, 0], [1, 2]), { classNames }), {
    name: 'ValueError',
    message: /\(samples, 3\)\)\. Received array with shape: \(1, 2\)$/,
  });
});

test.serial("ImageNet's names are read where Keras keeps them", async (t) => {
  const before = process.env.KERAS_HOME;
  t.teardown(() => {
    if (before === undefined) delete process.env.KERAS_HOME;
    else process.env.KERAS_HOME = before;
  });
  await withFolder(async (home) => {
    process.env.KERAS_HOME = home;
    const path = join(home, 'models/imagenet_class_index.json');
    await mkdir(join(home, 'models'));
    const index = Object.fromEntries(Array.from({ length: 1000 }, (_, c) => [c, [`n${c}`, `class ${c}`]]));
    await writeFile(path, JSON.stringify(index));
    const scores = new Float32Array(1000);
    scores.set([0.5, 0.25], 7);
    t.deepEqual(await applications.mobilenet.decodePredictions(float32(scores, [1, 1000]), { top: 2 }), [
      [
        ['n7', 'class 7', 0.5],
        ['n8', 'class 8', 0.25],
      ],
    ]);
    t.is(applications.mobilenetV2.decodePredictions, decodePredictions);
    await writeFile(path, '{"0": ');
    await t.throwsAsync(decodePredictions(float32(scores, [1, 1000])), {
      message: new RegExp(`Received: another file\\. Hint: delete ${path}, so that it is fetched again\\.$`),
    });
  });
  await t.throwsAsync(decodePredictions(float32([1, 0], [2])), {
    message:
      '`decode_predictions` expects a batch of predictions (i.e. a 2D array of shape (samples, 1000)). Received array with shape: (2,)',
  });
});
