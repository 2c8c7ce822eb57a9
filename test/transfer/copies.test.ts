import test from 'ava';
import type { Dataset } from '../../src/classifier/dataset.js';
import { describeCopies } from '../../src/transfer/data/copies.js';

/** `a/1.jpg=X` is a picture of the class a whose file has the content X. */
const dataset = (...pictures: string[]): Dataset => ({
  folder: 'photos',
  classes: ['a', 'b'],
  skipped: [],
  pictures: pictures.map((text) => {
    const [path, content] = text.split('=') as [string, string];
    return { path, content, label: path.startsWith('a') ? 0 : 1, views: [] };
  }),
});

test('nothing is said where every file is there once', (t) => {
  t.deepEqual(describeCopies(dataset('a/1=X', 'b/1=Y'), dataset('a/2=Z')), []);
  t.deepEqual(
    describeCopies(dataset('a/1=X', 'a/2=X', 'b/1=Y'), null),
    [],
    'twice in one class does no harm',
  );
});

test('validation pictures that were trained on are counted, and one is named', (t) => {
  t.deepEqual(describeCopies(dataset('a/1=X', 'b/1=Y'), dataset('a/2=Z', 'a/3=X', 'b/4=Y')), [
    'Validation pictures that are copies of training pictures: 2 of 3, like a/3. The accuracy will look better than it is. Hint: ort-transfer inspect lists copies.',
  ]);
});

test('a picture in two classes is told', (t) => {
  t.deepEqual(describeCopies(dataset('a/1=X', 'b/1=X', 'b/2=Y'), null), [
    'Pictures that are copies of one in another class: 1, like b/1. Nothing can tell these apart. Hint: ort-transfer inspect lists copies.',
  ]);
});
