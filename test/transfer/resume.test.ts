/** Training that goes on where it was stopped ends with the same model, bit for bit. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type TrainedHead, type TrainHeadOptions, trainHead } from '../../src/classifier/head.js';
import type { HeadState, KeptHead } from '../../src/classifier/keep-training.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { CSVLogger } from '../../src/keras/callbacks/index.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { optimizerValues } from '../../src/keras/saving/optimizer-state.js';
import type { Reporter } from '../../src/transfer/reporter.js';
import { decodeState, encodeState } from '../../src/transfer/train/kept-training.js';
import { trainClassifier } from '../../src/transfer/train/train.js';
import { withFolder } from '../saving/folder.js';
import { writePictures } from './bright-or-dark.js';

/** 40 pictures of 3 classes: 10 batches an epoch. */
function options(engine: TrainHeadOptions['engine'], held: boolean): TrainHeadOptions {
  const random = new RandomState(7);
  const dataset = (count: number) => ({
    folder: '',
    classes: ['a', 'b', 'c'],
    skipped: [],
    pictures: Array.from({ length: count }, (_, i) => ({
      path: `${i}.jpg`,
      content: String(i),
      label: i % 3,
      views: [Float32Array.from(random.normal(i % 3, 1, 6))],
    })),
  });
  return {
    ...{ training: dataset(40), validation: held ? dataset(9) : null, engine },
    ...{ hidden: [5, 4], views: 1, epochs: 4, batchSize: 4, verbose: 0, print() {} },
  };
}

/** Keeps every state that there is, as a file has it. */
function recorder(from: Uint8Array | null = null): KeptHead & { states: Uint8Array[] } {
  const states: Uint8Array[] = [];
  return {
    states,
    interval: 0,
    read: async () => from && decodeState(from, 'key'),
    write: async (state) => void states.push(encodeState(state, 'key')),
  };
}

/** Everything that a training leaves. */
const remains = ({ head, history, bestEpoch, evaluation }: TrainedHead) => ({
  weights: head.getWeights(),
  optimizer: optimizerValues(head.optimizer, head.trainableWeights).map(({ value }) => value.data),
  ...{ history, bestEpoch, evaluation },
});

async function resumeFromEach(t: ExecutionContext, given: TrainHeadOptions, fewest: number): Promise<void> {
  await withFolder(async (folder) => {
    const train = async (kept: KeptHead | undefined, name: string) => {
      const filename = join(folder, name);
      const callbacks = [new CSVLogger({ filename })];
      const trained = await trainHead({ ...given, random: new RandomState(3), callbacks }, kept);
      return { ...remains(trained), csv: await readFile(filename, 'utf8') };
    };
    const undisturbed = await train(undefined, 'undisturbed.csv');
    const all = recorder();
    t.deepEqual(await train(all, 'kept.csv'), undisturbed);
    t.true(all.states.length >= fewest, `${all.states.length} states`);
    const places = all.states.map((bytes) => decodeState(bytes, 'key') as HeadState);
    t.true(places.some(({ batch }) => batch > 0));
    for (const [i, state] of all.states.entries()) {
      const again = recorder(state);
      const name = `epoch ${places[i]?.epoch}, batch ${places[i]?.batch}`;
      t.deepEqual(await train(again, `${i}.csv`), undisturbed, name);
      t.is(again.states.length, all.states.length - i - 1, `${name}: nothing is done twice`);
    }
  });
}

test('from every state that is kept the same head comes, in plain TypeScript', (t) =>
  // Every batch, or stride of batches, and every epoch.
  resumeFromEach(t, options(jsEngine(), true), 8));

test('from every state that is kept the same head comes, on ONNX Runtime', async (t) =>
  resumeFromEach(t, { ...options(await ortNode({ provider: 'cpu' }), false), keep: 'last' }, 8));

test('a state that is damaged, or of another training, is not taken', async (t) => {
  const kept = recorder();
  await trainHead({ ...options(jsEngine(), false), epochs: 1, random: new RandomState(1) }, kept);
  const [state = new Uint8Array()] = kept.states;
  t.truthy(decodeState(state, 'key'));
  t.is(decodeState(state, 'another'), null);
  for (const at of [0, 33, 40, 400, state.length - 1]) {
    const damaged = state.slice();
    damaged[at]! ^= 4;
    t.is(decodeState(damaged, 'key'), null, `byte ${at}`);
  }
  for (const length of [0, 10, 36, 500]) t.is(decodeState(state.subarray(0, length), 'key'), null);
});

/** Runs `train` and tells what it said. @param epochs it is ended after so many, counted over folds; 0 for never */
async function train(
  folder: string,
  { out, seed, epochs = 0 }: { out: string; seed: number; epochs?: number },
) {
  const said: string[] = [];
  const stop = new AbortController();
  let count = 0;
  const reporter: Reporter = {
    info: (text) => void said.push(text),
    warn: (text) => void said.push(text),
    progress() {},
    print: (text) => {
      if (/Epoch/.test(text) && ++count === epochs + 1 && epochs > 0) stop.abort(new Error('enough'));
    },
  };
  const done = trainClassifier(
    {
      ...{ train: join(folder, 'pictures'), cache: join(folder, 'cache'), weights: null, crop: 'none' },
      ...{ alpha: 0.25, size: 128, hidden: [8, 8], views: 2, epochs: 3, batchSize: 4, head: 'article' },
      ...{ folds: 2, workers: 1, seed, out: join(folder, out), signal: stop.signal },
      engine: await ortNode({ provider: 'cpu' }),
    },
    reporter,
  );
  const error = await done.then(
    () => null,
    (reason: Error) => reason,
  );
  return { said: said.join('\n'), error };
}

const filesOf = async (folder: string): Promise<Record<string, string>> => {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'base64')])),
  );
};

test('train that was ended goes on, and writes the files of an undisturbed run', async (t) => {
  await withFolder(async (folder) => {
    await writePictures(join(folder, 'pictures'));
    const undisturbed = await train(folder, { out: 'undisturbed', seed: 5 });
    t.is(undisturbed.error, null);
    const ended = await train(folder, { out: 'ended', seed: 5, epochs: 1 });
    t.is(ended.error?.message, 'enough');
    t.deepEqual(await readdir(join(folder, 'ended')), ['.model.onnx.training']);
    const parts = (await readdir(join(folder, 'ended/.model.onnx.training'))).sort();
    t.deepEqual(parts, ['fold-0.state', 'fold-1.state', 'model.state']);
    const going = await train(folder, { out: 'ended', seed: 5 });
    t.is(going.error, null);
    // Three epochs in each of two folds, and one of the model's.
    t.regex(going.said, /^Going on where an earlier run was interrupted, 7 epochs in$/m);
    const paths = (files: Record<string, string>) => ({
      ...files,
      // It names the model's path.
      'history.json': Buffer.from(files['history.json'] ?? '', 'base64')
        .toString()
        .replaceAll(/(undisturbed|ended)\/model/g, 'model'),
    });
    t.deepEqual(
      paths(await filesOf(join(folder, 'ended'))),
      paths(await filesOf(join(folder, 'undisturbed'))),
    );
  });
});

test('with another seed, other pictures or a damaged state, training begins anew, with a word', async (t) => {
  await withFolder(async (folder) => {
    await writePictures(join(folder, 'pictures'));
    const word =
      /^An earlier run was interrupted, with other pictures, options or seed.*: training begins anew$/m;
    await train(folder, { out: 'other', seed: 6 });
    await train(folder, { out: 'ended', seed: 5, epochs: 1 });
    t.regex((await train(folder, { out: 'ended', seed: 6 })).said, word);
    const model = (out: string) => readFile(join(folder, out, 'model.onnx'), 'base64');
    t.is(await model('ended'), await model('other'));
    await train(folder, { out: 'damaged', seed: 5, epochs: 1 });
    const states = join(folder, 'damaged/.model.onnx.training');
    for (const name of await readdir(states)) await writeFile(join(states, name), 'damaged');
    t.regex((await train(folder, { out: 'damaged', seed: 6 })).said, word);
    t.is(await model('damaged'), await model('other'));
    t.notRegex((await train(folder, { out: 'ended', seed: 6 })).said, /interrupted/);
  });
});
