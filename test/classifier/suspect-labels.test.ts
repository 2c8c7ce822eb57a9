import test from 'ava';
import type { Dataset, LabelledPicture } from '../../src/classifier/dataset.js';
import { fitHead } from '../../src/classifier/fit-head.js';
import { auroc } from '../../src/classifier/strangers.js';
import { findSuspectLabels, leaveOutLogistic } from '../../src/classifier/suspect-labels.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { RandomState } from '../../src/keras/random/random-state.js';

const engine = await ortNode({ provider: 'cpu', threads: 1 });
const [classes, each, features] = [6, 20, 256];

/** Groups of embeddings around a direction each, of which every tenth is labelled as another class where `wrong` is set. */
function pictures(wrong: boolean): { data: Dataset; mislabelled: Set<string> } {
  const random = new RandomState(7);
  const centres = Array.from({ length: classes }, () => random.normal(0, 1, features));
  const mislabelled = new Set<string>();
  const all = centres.flatMap((centre, own) =>
    Array.from({ length: each }, (_, i): LabelledPicture => {
      const path = `${own}/${i}.png`;
      const isWrong = wrong && i % 10 === 0;
      if (isWrong) mislabelled.add(path);
      const view = Float32Array.from(random.normal(0, 1, features), (noise, d) => (centre[d] ?? 0) + noise);
      return { path, content: path, label: isWrong ? (own + 1 + i / 10) % classes : own, views: [view] };
    }),
  );
  const names = centres.map((_, own) => `class ${own}`);
  return { data: { folder: 'pictures', classes: names, skipped: [], pictures: all }, mislabelled };
}

test('wrong labels rank before right ones, and are listed, the least likely first, with the class they belong to', async (t) => {
  const { data, mislabelled } = pictures(true);
  const leftOut = await leaveOutLogistic(data, { engine });
  t.is(leftOut.length, classes * each);
  const given = leftOut.map(({ picture, probabilities }) => ({
    isWrong: mislabelled.has(picture.path),
    probability: probabilities[picture.label] ?? Number.NaN,
  }));
  const of = (wanted: boolean) =>
    given.filter(({ isWrong }) => isWrong === wanted).map(({ probability }) => probability);
  t.true(auroc(of(false), of(true)) > 0.99, `${auroc(of(false), of(true))}`);
  const found = findSuspectLabels(leftOut);
  t.deepEqual(found.map(({ path }) => path).sort(), [...mislabelled].sort());
  const labels = new Map(data.pictures.map(({ path, label }) => [path, label]));
  for (const [i, { path, given: label, likely, probability }] of found.entries()) {
    t.is(likely, Number(path.split('/')[0]), path);
    t.is(label, labels.get(path) ?? -1, path);
    t.true(probability < 0.05 && probability >= (found[i - 1]?.probability ?? 0), path);
  }
});

test('where all labels are right none is listed', async (t) => {
  t.deepEqual(findSuspectLabels(await leaveOutLogistic(pictures(false).data, { engine })), []);
});

test('training finds the same with the pictures that it leaves out', async (t) => {
  const { data, mislabelled } = pictures(true);
  const { leftOut } = await fitHead({ training: data, validation: null, engine, views: 1, head: 'logistic' });
  const found = findSuspectLabels(leftOut).map(({ path }) => path);
  t.true(found.length >= mislabelled.size - 2, `${found.length}`);
  t.deepEqual(
    found.filter((path) => !mislabelled.has(path)),
    [],
  );
});

test('unsure answers are no suspects, however little likely the label is', (t) => {
  const picture: LabelledPicture = { path: 'a.png', content: 'a', label: 0, views: [] };
  const probabilities = (...values: number[]) => ({ picture, probabilities: Float32Array.from(values) });
  t.deepEqual(findSuspectLabels([probabilities(0.01, 0.49, 0.3, 0.2)]), []);
  t.deepEqual(findSuspectLabels([probabilities(0.06, 0.94)]), []);
  t.deepEqual(findSuspectLabels([probabilities(0.25, 0.75), probabilities(0, 0.25, 0.75)]), [
    { path: 'a.png', given: 0, probability: 0, likely: 2 },
  ]);
});

test('one class, or classes of one picture, give nothing to judge by', async (t) => {
  const { data } = pictures(false);
  const one = { ...data, classes: data.classes.slice(0, 1), pictures: data.pictures.slice(0, each) };
  t.deepEqual(await leaveOutLogistic(one, { engine }), []);
  const lone = { ...data, pictures: data.pictures.filter((_, i) => i % each === 0) };
  t.deepEqual(await leaveOutLogistic(lone, { engine }), []);
});
