import test from 'ava';
import { sortIntoClasses } from '../../src/web/studio/sort-files.js';

/** Files that are called what they are. */
const sort = (...paths: string[]) => {
  const { classes, loose } = sortIntoClasses(paths.map((path) => ({ path, file: path })));
  return {
    classes: classes.map(({ name, files }) => [name, files.map(({ file }) => file)]),
    loose: loose.map(({ file }) => file),
  };
};

test('every folder that holds files is a class, in the order in which they came', (t) => {
  t.deepEqual(sort('pets/dogs/1.jpg', 'pets/cats/1.jpg', 'pets/dogs/2.jpg', 'birds/3.jpg'), {
    classes: [
      ['dogs', ['pets/dogs/1.jpg', 'pets/dogs/2.jpg']],
      ['cats', ['pets/cats/1.jpg']],
      ['birds', ['birds/3.jpg']],
    ],
    loose: [],
  });
});

test('files in no folder are loose, and what systems leave is passed over', (t) => {
  t.deepEqual(
    sort(
      'a.jpg',
      '.DS_Store',
      'cats/.DS_Store',
      'cats/Thumbs.db',
      '__MACOSX/cats/1.jpg',
      '.git/x/1',
      'cats/@eaDir/1.jpg',
    ),
    { classes: [], loose: ['a.jpg'] },
  );
  t.deepEqual(sort(), { classes: [], loose: [] });
});
