import test from 'ava';
import { describeStale } from '../../src/web/studio/staleness.js';
import type { Guess } from '../../src/web/studio/studio-protocol.js';
import {
  answersOf,
  confusionOf,
  describeEstimate,
  describeTurnedAway,
  worstOf,
} from '../../src/web/studio/studio-report.js';

/** Guesses of two classes; each is right or not. */
const guesses = (right: number, wrong: number): Guess[] =>
  Array.from({ length: right + wrong }, (_, i) => ({
    content: `${i}`,
    label: 0,
    probabilities: Float32Array.from(i < right ? [0.75, 0.25] : [0.25, 0.75]),
    familiarity: null,
  }));
const estimate = (right: number, wrong: number) => describeEstimate(answersOf(guesses(right, wrong), null));

test('how good it is, is said in plain numbers, and how rough they are', (t) => {
  t.is(
    estimate(17, 3),
    'Of 10 pictures it has not seen, about 9 are right. With 20 pictures to check on that is rough: it may be anything from 6 to 10 of 10.',
  );
  t.is(estimate(850, 150), 'Of 10 pictures it has not seen, about 9 are right.');
  t.is(estimate(970, 30), 'Of 100 pictures it has not seen, about 97 are right.');
  t.is(estimate(9, 291), 'Of 100 pictures it has not seen, about 3 are right.');
  t.is(estimate(1, 99), 'Of 100 pictures it has not seen, about 1 is right.');
  t.is(estimate(99997, 3), 'Of 1000 pictures it has not seen, more than 999 are right.');
  t.is(
    estimate(39, 1),
    'Of 10 pictures it has not seen, more than 9 are right. With 40 pictures to check on that is rough: it may be anything from 8 to 10 of 10.',
  );
  t.is(
    estimate(12, 0),
    'It was right on all 12 pictures when it had not seen them. With 12 pictures to check on that is rough: it may be anything from 7 to 10 of 10.',
  );
  t.is(estimate(300, 0), 'It was right on all 300 pictures when it had not seen them.');
  t.is(estimate(0, 200), 'It was right on none of 200 pictures when it had not seen them.');
  t.is(estimate(0, 0), 'Nothing was left out to check on, so only trying it shows how good it is.');
});

test('a picture that looks strange is neither right nor taken for a class', (t) => {
  const [first, ...others] = guesses(3, 1);
  const all = [{ ...first!, familiarity: 0.4 }, ...others.map((guess) => ({ ...guess, familiarity: 0.6 }))];
  const answers = answersOf(all, 0.5);
  const contents = confusionOf(answers, 2).map((row) =>
    row.map((cell) => cell.map(({ content }) => content)),
  );
  t.deepEqual(contents, [
    [['1', '2'], ['3'], ['0']],
    [[], [], []],
  ]);
  t.is(describeTurnedAway(answers), 'It would call 1 of your 4 pictures “unknown”.');
  t.true(describeEstimate(answers).startsWith('Of 10 pictures it has not seen, about 5 are right.'));
  t.is(describeTurnedAway(answersOf(all, 0.3)), undefined);
  t.is(describeTurnedAway(answersOf(all, null)), undefined);
});

test('the worst mistakes come first, and right answers and strangers are none', (t) => {
  const made = (content: string, label: number, share: number, familiarity: number): Guess => ({
    content,
    label,
    probabilities: Float32Array.from([share, 1 - share]),
    familiarity,
  });
  const answers = answersOf(
    [
      made('sure', 1, 0.875, 1),
      made('right', 0, 0.9, 1),
      made('strange', 1, 0.99, 0),
      made('surest', 1, 0.9375, 1),
    ],
    0.5,
  );
  t.deepEqual(
    worstOf(answers).map(({ content, share }) => [content, share]),
    [
      ['surest', 0.9375],
      ['sure', 0.875],
    ],
  );
});

test('a model says how its pictures differ from those that are there now', (t) => {
  const cats = { name: 'Cats', pictures: ['1', '2'] };
  const dogs = { name: 'Dogs', pictures: ['3'] };
  const stale = (...now: { name: string; pictures: string[] }[]) => describeStale([cats, dogs], now);
  t.is(stale(cats, dogs), undefined);
  t.is(stale({ ...cats, pictures: ['2', '1'] }, { ...dogs, name: ' Dogs ' }), undefined);
  t.is(stale({ ...cats, pictures: ['1', '2', '4'] }, dogs), '1 picture was added since it was trained');
  t.is(
    stale(cats, { ...dogs, pictures: ['5', '6'] }),
    '2 pictures were added and 1 picture was removed since it was trained',
  );
  t.is(stale(cats), '1 picture was removed since it was trained');
  t.is(stale({ ...cats, name: 'Lions' }, dogs), 'classes were renamed since it was trained');
});
