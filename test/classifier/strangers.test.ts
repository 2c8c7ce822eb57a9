import test from 'ava';
import type { Dataset } from '../../src/classifier/dataset.js';
import { stratifiedFolds } from '../../src/classifier/folds.js';
import { familiarityOf, findPrototypes, writeFamiliarity } from '../../src/classifier/prototypes.js';
import {
  auroc,
  bestThreshold,
  isKnown,
  learnStrangers,
  quantile,
  scoreOf,
} from '../../src/classifier/strangers.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32 } from '../../src/graph/tensor.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';

const features = 16;

/** Pictures about one direction a class; those of `strange` about others. */
function pictures(count: number, { strange = false, seed = 1 } = {}): Dataset {
  const random = new RandomState(seed);
  const classes = ['a', 'b', 'c'];
  return {
    folder: 'pictures',
    classes,
    skipped: [],
    pictures: Array.from({ length: count }, (_, i) => {
      const label = i % classes.length;
      const view = Float32Array.from(random.normal(0, 0.3, features));
      view[label + (strange ? 8 : 0)]! += 3;
      const length = 0.1 + random.random() * 20;
      return { path: `${i}.png`, content: `${i}`, label, views: [view.map((v) => v * length)] };
    }),
  };
}
const embeddings = (data: Dataset) => data.pictures.flatMap(({ views }) => views);

test('every picture is left out once, and every fold has its share of each class', (t) => {
  const data = pictures(31);
  const folds = stratifiedFolds(data, 3, new RandomState(0));
  t.deepEqual(
    folds.flatMap(({ held }) => held.pictures.map(({ path }) => path)).sort(),
    data.pictures.map(({ path }) => path).sort(),
  );
  for (const { training, held } of folds) {
    t.is(training.pictures.length + held.pictures.length, 31);
    t.false(training.pictures.some((picture) => held.pictures.includes(picture)));
    for (const label of [0, 1, 2])
      t.true(held.pictures.filter((picture) => picture.label === label).length >= 3);
  }
});

test('of a class of two pictures each is left out once', (t) => {
  const folds = stratifiedFolds(pictures(6), 3, new RandomState(0));
  t.is(folds.flatMap(({ held }) => held.pictures).length, 6);
  for (const { training } of folds)
    for (const label of [0, 1, 2]) t.true(training.pictures.some((picture) => picture.label === label));
});

test('copies stay in one fold, and a class of one picture is never left out', (t) => {
  const data = pictures(12);
  const [first, , , second] = data.pictures;
  const copied: Dataset = {
    ...data,
    pictures: [
      ...data.pictures.map((picture) =>
        picture === second ? { ...picture, content: first!.content } : picture,
      ),
      { path: 'only.png', content: 'only', label: 3, views: first!.views },
    ],
    classes: [...data.classes, 'only'],
  };
  for (const { held } of stratifiedFolds(copied, 4, new RandomState(5))) {
    const paths = held.pictures.map(({ path }) => path);
    t.is(paths.includes(first!.path), paths.includes(second!.path));
    t.false(paths.includes('only.png'));
  }
});

test('prototypes have length 1, at most eight a class and no more than its pictures', (t) => {
  for (const [count, expected] of [
    [60, 24],
    [9, 9],
  ] as const) {
    const { dims, data } = findPrototypes(pictures(count), new RandomState(0));
    t.deepEqual(dims, [features, expected]);
    for (let p = 0; p < expected; p++) {
      let square = 0;
      for (let d = 0; d < features; d++) square += data[d * expected + p]! ** 2;
      t.true(Math.abs(square - 1) < 1e-5);
    }
  }
});

test('strangers are told from known pictures, at the share of known ones that may be turned away', (t) => {
  const training = pictures(300, { seed: 1 });
  const { prototypes, rule } = learnStrangers(training, { random: new RandomState(0) })!;
  const known = [...familiarityOf(embeddings(pictures(300, { seed: 2 })), prototypes)];
  const strange = [...familiarityOf(embeddings(pictures(300, { seed: 3, strange: true })), prototypes)];
  t.true(auroc(known, strange) > 0.999);
  const rejected = known.filter((familiarity) => !isKnown(rule, { familiarity })).length / known.length;
  t.true(rejected > 0.01 && rejected < 0.1, `${rejected}`);
  t.is(strange.filter((familiarity) => isKnown(rule, { familiarity })).length, 0);
  t.false(isKnown(rule, { familiarity: Number.NaN }));
});

test('near strangers are judged by the smaller share of training pictures that pass no better', (t) => {
  const training = pictures(200);
  const energies = new Map(training.pictures.map(({ path }, i) => [path, i / 10]));
  const { rule } = learnStrangers(training, {
    mode: 'near',
    reject: 0.1,
    random: new RandomState(0),
    energies,
  })!;
  const middle = quantile(rule.measures!.familiarity, 0.5);
  t.true(Math.abs(scoreOf(rule, { familiarity: middle, energy: 100 }) - 0.5) < 0.02);
  t.true(Math.abs(scoreOf(rule, { familiarity: 1, energy: 19.9 * 0.25 }) - 0.25) < 0.01);
  t.is(scoreOf(rule, { familiarity: -1, energy: 10 }), 0);
  t.is(scoreOf(rule, { familiarity: -1 }), 0);
  t.is(scoreOf(rule, { familiarity: 1 }), 1);
  t.false(isKnown(rule, { familiarity: 1, energy: 0 }));
  t.true(isKnown(rule, { familiarity: 1, energy: 15 }));
  t.true(rule.threshold > 0.03 && rule.threshold < 0.1, `${rule.threshold}`);
});

test('the best threshold parts known from strange; ties and quantiles are as NumPy and textbooks have them', (t) => {
  t.is(bestThreshold([0.8, 0.9, 0.7], [0.1, 0.2, 0.75]), 0.7);
  t.is(auroc([1, 2], [0, 1]), 0.875);
  assertClose(
    t,
    [0, 0.1, 0.5, 1].map((q) => quantile([4, 1, 3, 2], q)),
    [1, 1.3, 2.5, 4],
    { label: 'quantiles' },
  );
});

test('the graph measures the same familiarity in both engines, also of a row of zeros', async (t) => {
  const prototypes = findPrototypes(pictures(40), new RandomState(0));
  const rows = [...embeddings(pictures(7, { seed: 4 })), new Float32Array(features)];
  const g = new GraphBuilder('familiarity');
  const embedding = g.input('embedding', 'float32', ['N', features]);
  g.output('familiarity', writeFamiliarity(g, embedding, prototypes), 'float32', ['N']);
  const bytes = encodeModel({ graph: g.build(), opset: 18 });
  const x = float32(Float32Array.from(rows.flatMap((row) => [...row])), [rows.length, features]);
  for (const engine of [await ortNode(), jsEngine()]) {
    const session = await engine.load(bytes);
    const { familiarity } = await session.run({ embedding: x });
    assertClose(t, familiarity!.data as Float32Array, familiarityOf(rows, prototypes), {
      label: engine.name,
      absolute: 1e-5,
    });
    await session.release();
  }
});
