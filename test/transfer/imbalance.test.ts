import test from 'ava';
import type { Dataset } from '../../src/classifier/dataset.js';
import { describeImbalance } from '../../src/transfer/data/imbalance.js';

/** A data set with so many pictures of each class. */
const dataset = (counts: Record<string, number>): Dataset => ({
  folder: 'photos',
  classes: Object.keys(counts),
  skipped: [],
  pictures: Object.values(counts).flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({ path: `${label}/${i}`, content: '', label, views: [] })),
  ),
});

test('a class with over three times the pictures of another is told', (t) => {
  t.deepEqual(describeImbalance(dataset({ cats: 10, dogs: 31, birds: 12 })), [
    "The class 'dogs' has 31 pictures, 'cats' has 10: classes with few are recognised less. Hint: more pictures of these help, and so does --prior flat, which favours no class for its many pictures.",
  ]);
  t.deepEqual(describeImbalance(dataset({ cats: 10, dogs: 31, birds: 12 }), 'flat'), [
    "The class 'dogs' has 31 pictures, 'cats' has 10: classes with few are recognised less. Hint: more pictures of these help.",
  ]);
  t.deepEqual(describeImbalance(dataset({ cats: 10, dogs: 30 })), []);
  t.deepEqual(
    describeImbalance(dataset({ cats: 10, broken: 0 })),
    [],
    'a class without pictures has its own words',
  );
});
