import test from 'ava';
import { niceTop } from '../../src/web/studio/chart.js';
import { describeFaceless, describeFlat, problemOf } from '../../src/web/studio/problems.js';

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

test('where most pictures have no face, other weights are named', (t) => {
  const faces = { seen: 6, faceless: 0 };
  t.is(describeFaceless([]), undefined);
  t.is(describeFaceless([faces, { seen: 6, faceless: 6 }]), undefined, 'half of them is not most');
  t.is(
    describeFaceless([faces, { seen: 9, faceless: 8 }]),
    'No face was found in 8 of 15 pictures. This studio is made for faces, and will tell other things apart less well. For those it is built with --weights imagenet.',
  );
});

test('pictures of one colour are named', (t) => {
  const rest = 'there is one colour alone to see, or nearly, and so nothing to learn from.';
  t.is(describeFlat([]), undefined);
  t.is(describeFlat(['a.png']), `“a.png”: ${rest}`);
  t.is(describeFlat(['a', 'b', 'c', 'd', 'e', 'f', 'g']), `“a”, “b”, “c”, “d”, “e” and 2 more: ${rest}`);
});
