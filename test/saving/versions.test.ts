import { readFile } from 'node:fs/promises';
import test from 'ava';
import { float32, sizeOf } from '../../src/graph/tensor.js';
import type { Model } from '../../src/keras/models/model.js';
import { loadModel } from '../../src/keras/saving/index.js';
import { assertClose } from '../compare.js';

interface Outcome {
  readonly shape: readonly number[];
  readonly classes: number;
  readonly predictions: readonly number[];
  /** Of one epoch more than the file has seen. */
  readonly loss: number;
}

const folder = 'test/golden/saving';
const golden: Record<string, Outcome> = JSON.parse(await readFile(`${folder}/outcomes.json`, 'utf8'));

/** What tools/goldens/saving.py trains on. */
function samples({ shape, classes }: Outcome) {
  const x = Float32Array.from({ length: 6 * sizeOf(shape) }, (_, i) => Math.sin(i * 1.7));
  const y = new Float32Array(6 * classes);
  for (let i = 0; i < 6; i++) y[i * classes + (((i * 7) % 5) % classes)] = 1;
  return { x: float32(x, [6, ...shape]), y: float32(y, [6, classes]) };
}

async function outcomeOf(model: Model, expected: Outcome): Promise<Pick<Outcome, 'predictions' | 'loss'>> {
  const { x, y } = samples(expected);
  const predictions = Array.from((await model.predict(x, { verbose: 0 })).data);
  const { history } = await model.fit(x, y, { batchSize: 4, shuffle: false, verbose: 0 });
  await model.release();
  return { predictions, loss: history.loss![0]! };
}

for (const [file, version] of [
  ['keras-2.0.h5', 'keras-2.0'],
  ['keras-2.21.h5', 'keras-2.21'],
  ['keras-2.21.keras', 'keras-2.21'],
  ['keras-3.15.h5', 'keras-3.15'],
  ['keras-3.15.keras', 'keras-3.15'],
] as const)
  test(`${file} predicts as it did in Python, and training goes on`, async (t) => {
    const warnings: string[] = [];
    const model = await loadModel(`${folder}/${file}`, { warn: (message) => warnings.push(message) });
    const actual = await outcomeOf(model, golden[version]!);
    const { predictions, loss } = golden[version]!;
    assertClose(t, actual.predictions, predictions, { label: 'predictions', relative: 0, absolute: 1e-6 });
    assertClose(t, [actual.loss], [loss], { label: 'loss', relative: 1e-5 });
    t.deepEqual(warnings, []);
  });

for (const version of ['keras-2.21', 'keras-3.15'])
  test(`${version}.weights.h5 brings back weights and the optimizer's state`, async (t) => {
    const model = await loadModel(`${folder}/${version}.keras`);
    for (const weight of model.weights) weight.assign(weight.value.map(() => 0.1));
    for (const weight of model.trainableWeights)
      for (const slot of model.optimizer.slots(weight))
        model.optimizer.setSlot(weight, slot, weight.value.slice());
    model.optimizer.iterations = 100;
    await model.loadWeights(`${folder}/${version}.weights.h5`);
    const actual = await outcomeOf(model, golden[version]!);
    const { predictions, loss } = golden[version]!;
    assertClose(t, actual.predictions, predictions, { label: 'predictions', relative: 0, absolute: 1e-6 });
    assertClose(t, [actual.loss], [loss], { label: 'loss', relative: 1e-5 });
  });

test('frozen layers stay frozen, and layers keep their names and order', async (t) => {
  for (const file of ['keras-2.21.h5', 'keras-2.21.keras', 'keras-3.15.h5', 'keras-3.15.keras']) {
    const model = await loadModel(`${folder}/${file}`);
    t.deepEqual(
      model.layers.map(({ className, trainable }) => [className, trainable]),
      [
        ['InputLayer', true],
        ['Functional', false],
        ['Dense', true],
      ],
      file,
    );
    t.is(model.trainableWeights.length, 2, file);
    t.is(model.layers[2]!.name, 'probabilities', file);
  }
});
