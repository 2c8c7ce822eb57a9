import test from 'ava';
import { type AdvisedPicture, adviseOn } from '../../src/web/studio/advice.js';
import { inWords } from '../../src/web/studio/autosave.js';
import { describeRejected } from '../../src/web/studio/rejections.js';

const pictures = (from: number, to: number, more: Partial<AdvisedPicture> = {}): AdvisedPicture[] =>
  Array.from({ length: to - from }, (_, i) => ({ name: `${from + i}.jpg`, content: `${from + i}`, ...more }));

test('pictures that teach well get no advice, nor do those that are still being added', (t) => {
  t.deepEqual(adviseOn([]), []);
  t.deepEqual(
    adviseOn([
      { name: 'Cats', pictures: pictures(0, 12) },
      { name: 'Dogs', pictures: pictures(20, 26) },
    ]),
    [],
  );
  t.deepEqual(
    adviseOn([
      { name: 'Cats', pictures: pictures(0, 2) },
      { name: 'Dogs', pictures: [] },
    ]),
    [],
  );
  // What was not looked at may be anything.
  const unseen = { content: undefined };
  t.deepEqual(
    adviseOn([
      { name: 'Cats', pictures: pictures(0, 5, unseen) },
      { name: 'Dogs', pictures: pictures(0, 5, unseen) },
    ]),
    [],
  );
});

test('one picture in two classes is told, and copies within one', (t) => {
  t.deepEqual(
    adviseOn([
      { name: 'Cats', pictures: [...pictures(0, 6), ...pictures(2, 5)] },
      { name: 'Dogs', pictures: [...pictures(5, 6), ...pictures(10, 16)] },
    ]),
    [
      'The same picture is in “Cats” and in “Dogs”: “5.jpg”. Nothing can tell those apart. Remove it from one of them.',
      '“Cats” has 3 pictures more than once. Copies count once.',
    ],
  );
  t.deepEqual(
    adviseOn([
      { name: 'Cats', pictures: pictures(0, 6) },
      { name: 'Dogs', pictures: pictures(3, 9) },
    ]),
    [
      'The same picture is in “Cats” and in “Dogs”: “3.jpg”, and so with 2 pictures more. Nothing can tell those apart. Remove it from one of them.',
    ],
  );
});

test('uneven classes and small ones are told', (t) => {
  t.deepEqual(
    adviseOn([
      { name: 'Cats', pictures: pictures(0, 12) },
      { name: 'Dogs', pictures: pictures(20, 21) },
    ]),
    [
      '“Cats” has 12 pictures, “Dogs” has 1: a class with few is recognised less. More pictures of it help.',
      '“Dogs” has fewer than 5 pictures. It will learn more from 10 or 20 of each.',
    ],
  );
  t.deepEqual(
    adviseOn([
      { name: 'Cats', pictures: pictures(0, 4) },
      { name: 'Dogs', pictures: pictures(20, 22) },
    ]),
    ['The classes have fewer than 5 pictures. It will learn more from 10 or 20 of each.'],
  );
});

test('where most pictures have no face, other weights are named', (t) => {
  const classes = (faceless: number) => [
    { name: 'A', pictures: pictures(0, 6, { faces: 1 }) },
    {
      name: 'B',
      pictures: [...pictures(6, 6 + faceless, { faces: 0 }), ...pictures(50, 60 - faceless, { faces: 1 })],
    },
  ];
  t.deepEqual(adviseOn(classes(8)), [], 'half of them is not most');
  t.deepEqual(adviseOn(classes(9)), [
    'No face was found in 9 of 16 pictures. This studio is made for faces, and will tell other things apart less well. For those it is built with --weights imagenet.',
  ]);
});

test('pictures of one colour are named', (t) => {
  const rest = 'there is one colour alone to see, or nearly, and so nothing to learn from.';
  const flat = (count: number) => adviseOn([{ name: 'A', pictures: pictures(0, count, { flat: true }) }]);
  t.deepEqual(flat(1), [`“0.jpg”: ${rest}`]);
  t.deepEqual(flat(7), [`“0.jpg”, “1.jpg”, “2.jpg”, “3.jpg”, “4.jpg” and 2 more: ${rest}`]);
});

test('files that are no pictures are told in one note, by their reasons', (t) => {
  const text = 'Expected a picture. Received: text.';
  const heic = 'Expected a picture. Received: a HEIC picture. Hint: save it as JPEG.';
  t.deepEqual(describeRejected([{ name: 'a.png', message: text }], 9), {
    text: '“a.png” cannot be read as a picture, so it was left out. It is text.',
    reasons: [],
  });
  t.deepEqual(
    describeRejected(
      [
        { name: 'a.png', message: text },
        ...['b', 'c', 'd', 'e'].map((name) => ({ name: `${name}.heic`, message: heic })),
      ],
      9,
    ),
    {
      text: '5 of 9 files cannot be read as pictures, so they were left out.',
      reasons: [
        '“b.heic”, “c.heic”, “d.heic” and 1 more: It is a HEIC picture. Save it as JPEG.',
        '“a.png”: It is text.',
      ],
    },
  );
  t.is(
    describeRejected(
      ['a', 'b'].map((name) => ({ name, message: text })),
      2,
    ).text,
    'None of the 2 files can be read as a picture, so they were left out.',
  );
});

test('sizes are told as people say them', (t) => {
  t.deepEqual([0, 123_456, 3.24e6, 57.6e6, 1.23e9, 64e9].map(inWords), [
    '0.0 MB',
    '0.1 MB',
    '3.2 MB',
    '58 MB',
    '1.2 GB',
    '64 GB',
  ]);
});
