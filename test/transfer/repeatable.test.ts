import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { trainHead } from '../../src/classifier/head.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { readHdf5 } from '../../src/keras/saving/hdf5.js';
import { silent } from '../../src/transfer/reporter.js';
import { trainClassifier } from '../../src/transfer/train/train.js';
import { withFolder } from '../saving/folder.js';
import { writePictures } from './bright-or-dark.js';

/** What a run with this seed writes. */
async function train(folder: string, { run, seed, file }: { run: string; seed: number; file: string }) {
  const out = join(folder, run, file);
  const options = {
    train: join(folder, 'pictures'),
    cache: join(folder, 'cache'),
    weights: null,
    engine: await ortNode({ provider: 'cpu' }),
    crop: 'none',
    ...{ alpha: 0.25, size: 128, hidden: [8, 8], views: 1, epochs: 2, batchSize: 4 },
    ...{ workers: 1, seed, out },
  } as const;
  await trainClassifier(options, silent);
  return readFile(out);
}

test('two trainings with one seed in one process write the same bytes', async (t) => {
  await withFolder(async (folder) => {
    await writePictures(join(folder, 'pictures'));
    const file = 'model.onnx';
    const first = await train(folder, { run: 'a', seed: 3, file });
    t.true(first.equals(await train(folder, { run: 'b', seed: 3, file })));
    t.false(first.equals(await train(folder, { run: 'c', seed: 4, file })));
  });
});

test('two trainings with one seed in one process write the same Keras model', async (t) => {
  await withFolder(async (folder) => {
    await writePictures(join(folder, 'pictures'));
    const read = async (run: string) =>
      readHdf5(await train(folder, { run, seed: 3, file: 'model.h5' }), (root) => {
        const group = root.group('model_weights');
        const layers = group.strings('layer_names');
        const weights = layers.flatMap((name) => {
          const layer = group.group(name);
          return layer.strings('weight_names').map((weight) => [weight, layer.tensor(weight)]);
        });
        return {
          layers,
          weights,
          attributes: ['model_config', 'training_config'].map((name) => root.attribute(name)),
        };
      });
    const first = await read('a');
    t.deepEqual(await read('b'), first);
    t.deepEqual(first.layers.slice(-3), ['dense', 'dense_1', 'dense_2']);
  });
});

test('a head is the same for the same stream, whatever came before it in the process', async (t) => {
  const trained = async (seed: number) => {
    const pictures = [0, 1, 0, 1, 0, 1].map((label, i) => ({
      path: `${i}.jpg`,
      content: '',
      label,
      views: [Float32Array.of(i, 1 - label, label)],
    }));
    const { head, history } = await trainHead({
      training: { folder: '', classes: ['a', 'b'], pictures, skipped: [] },
      validation: null,
      engine: jsEngine(),
      random: new RandomState(seed),
      ...{ hidden: [4, 3], views: 1, epochs: 2, batchSize: 2, verbose: 0 },
    });
    return { config: head.toJson(), weights: head.getWeights(), history };
  };
  const [first, second, other] = [await trained(7), await trained(7), await trained(8)];
  t.deepEqual(second, first);
  t.notDeepEqual(other.weights, first.weights);
});
