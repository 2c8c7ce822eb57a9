import test from 'ava';
import { niceTop } from '../../src/web/studio/chart.js';
import { problemOf } from '../../src/web/studio/problems.js';

test('training begins with two named classes that have pictures', (t) => {
  t.is(
    problemOf([
      { name: 'Cats', usable: 1 },
      { name: 'Dogs', usable: 3 },
    ]),
    undefined,
  );
});

for (const [classes, problem] of [
  [[], 'There must be at least two classes, so that there is something to tell apart. Add a class.'],
  [
    [['Cats', 3]],
    'There must be at least two classes, so that there is something to tell apart. Add a class.',
  ],
  [
    [
      ['Cats', 3],
      [' ', 3],
    ],
    'One class has no name. Give it one.',
  ],
  [
    [
      ['Cats', 3],
      ['Dogs', 3],
      [' Cats ', 3],
    ],
    'Two classes are called “Cats”. Rename one of them.',
  ],
  [
    [
      ['Cats', 3],
      ['Dogs ', 0],
    ],
    '“Dogs” has no pictures yet. Add some, or remove the class.',
  ],
] as [[string, number][], string][])
  test(`what keeps training from beginning: ${JSON.stringify(classes)}`, (t) => {
    t.is(problemOf(classes.map(([name, usable]) => ({ name, usable }))), problem);
  });

test('scales end at 1, 2 or 5 times a power of ten, not below the values', (t) => {
  t.deepEqual(
    [0, Number.NaN, 0.013, 0.02, 0.7, 1, 1.01, 4.9, 7, 130].map(niceTop),
    [1, 1, 0.02, 0.02, 1, 1, 2, 5, 10, 200],
  );
});
