import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { loadClassifier, ortNode, type Reporter, silent, train, trainClassifier } from '../../src/index.js';
import { withFolder } from '../saving/folder.js';
import { writePictures } from './bright-or-dark.js';

/** A job of a second. */
const small = {
  weights: null,
  crop: 'none',
  ...{ alpha: 0.25, size: 128, hidden: [8, 8], views: 1, epochs: 2, batchSize: 4, workers: 1 },
} as const;

test('a folder alone is trained on as with every default written out', async (t) => {
  await withFolder(async (folder) => {
    const pictures = join(folder, 'pictures');
    await writePictures(pictures);
    const cache = join(folder, 'cache');
    const given = { ...small, train: pictures, cache };
    const result = await train({ ...given, out: join(folder, 'a'), engine: { provider: 'cpu' } });
    const engine = await ortNode({ provider: 'cpu' });
    const plain = await trainClassifier({ ...given, out: join(folder, 'b'), engine });
    const { foldShare: _, accuracy, folder: out, ...rest } = result;
    const { foldShare, ...others } = plain;
    t.deepEqual(rest, { ...others, model: join(folder, 'a/model.onnx') });
    t.is(accuracy, plain.evaluation?.accuracy ?? null);
    t.is(out, join(folder, 'a'));
    t.true(foldShare > 0);
    t.deepEqual(await readFile(result.model), await readFile(plain.model));

    await using classifier = await loadClassifier(result.model, { workers: 1 });
    t.deepEqual(classifier.labels, ['bright', 'dark']);
    t.is((await classifier.embed(join(pictures, 'dark/0.ppm'))).length, 256);
  });
});

test('views and seed have the defaults that are told', async (t) => {
  await withFolder(async (folder) => {
    const pictures = join(folder, 'pictures');
    await writePictures(pictures);
    const { views: _, ...rest } = small;
    const given = { ...rest, train: pictures, cache: join(folder, 'cache'), head: 'logistic' } as const;
    const plain = await train({ ...given, out: join(folder, 'a') });
    const told = await train({ ...given, views: 4, seed: 0, out: join(folder, 'b') });
    t.deepEqual(await readFile(plain.model), await readFile(told.model));
  });
});

test('a signal ends training where it is, and leaves nothing but the state to go on from', async (t) => {
  await withFolder(async (folder) => {
    const pictures = join(folder, 'pictures');
    await writePictures(pictures);
    const reason = new Error('enough');
    const out = join(folder, 'out');
    const given = {
      ...small,
      train: pictures,
      cache: join(folder, 'cache'),
      head: 'article',
    } as const;
    const stopAt = (step: string): Promise<unknown> => {
      const controller = new AbortController();
      const reporter: Reporter = {
        ...silent,
        progress: (name) => name === step && controller.abort(reason),
        print: (text) => text.includes(step) && controller.abort(reason),
      };
      return train({ ...given, out, reporter, signal: controller.signal });
    };
    t.is(await t.throwsAsync(() => stopAt('Extracting features')), reason);
    t.is(await t.throwsAsync(() => stopAt('Epoch 1/2')), reason);
    t.is(await t.throwsAsync(train({ ...given, out, signal: AbortSignal.abort(reason) })), reason);
    t.deepEqual(await readdir(out).catch(() => []), ['.model.onnx.training']);
  });
});
