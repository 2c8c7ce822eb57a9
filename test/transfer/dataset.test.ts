import test from 'ava';
import { type Dataset, splitDataset, toArrays } from '../../src/classifier/dataset.js';

/** A data set of classes of these sizes; the embedding tells picture and view. */
const dataset = (...sizes: number[]): Dataset => ({
  folder: 'photos',
  classes: sizes.map((_, i) => `class ${i}`),
  skipped: [],
  pictures: sizes.flatMap((size, label) =>
    Array.from({ length: size }, (_, i) => ({
      path: `${label}/${i}.jpg`,
      content: `${label}-${i}`,
      label,
      views: [Float32Array.of(label, i), Float32Array.of(label, i + 0.5)],
    })),
  ),
});
const paths = ({ pictures }: Dataset) => pictures.map(({ path }) => path);
const counts = ({ pictures, classes }: Dataset) =>
  classes.map((_, label) => pictures.filter((picture) => picture.label === label).length);

test('a split takes its share of every class, each picture once', (t) => {
  const all = dataset(20, 10, 5, 2);
  const [training, held] = splitDataset(all, 0.2, 1);
  t.deepEqual(counts(held), [4, 2, 1, 1]);
  t.deepEqual(counts(training), [16, 8, 4, 1]);
  t.deepEqual([...paths(training), ...paths(held)].sort(), paths(all).sort());
});

test('a class of one picture is trained on', (t) => {
  const [training, held] = splitDataset(dataset(10, 1), 0.5, 1);
  t.deepEqual(counts(training), [5, 1]);
  t.deepEqual(counts(held), [5, 0]);
});

test('the seed decides the split', (t) => {
  const all = dataset(30, 30);
  t.deepEqual(splitDataset(all, 0.3, 4), splitDataset(all, 0.3, 4));
  t.notDeepEqual(paths(splitDataset(all, 0.3, 4)[1]), paths(splitDataset(all, 0.3, 5)[1]));
});

test('arrays hold the wanted views of each picture, one after the other, and one-hot classes', (t) => {
  const { x, y } = toArrays(dataset(1, 1), 2);
  t.deepEqual(x, { type: 'float32', dims: [4, 2], data: Float32Array.of(0, 0, 0, 0.5, 1, 0, 1, 0.5) });
  t.deepEqual(y, { type: 'float32', dims: [4, 2], data: Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1) });
  t.deepEqual(toArrays(dataset(1, 1), 1).x.data, Float32Array.of(0, 0, 1, 0));
});
