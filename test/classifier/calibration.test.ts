import test from 'ava';
import { calibrationOf } from '../../src/classifier/calibration.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';

const answer = (confidence: number, isRight: boolean) => ({
  label: isRight ? 0 : 1,
  probabilities: [confidence, 1 - confidence],
});

test('the error is the mean gap between confidence and accuracy, bin by bin', (t) => {
  // 0.9: right once of twice; 0.6: right twice of twice.
  const { ece } = calibrationOf([
    answer(0.9, true),
    answer(0.9, false),
    answer(0.6, true),
    answer(0.6, true),
  ]);
  assertClose(t, [ece], [0.4], { label: 'ece' });
  t.is(calibrationOf([]).ece, 0);
});

test('a model that means what it says shows the floor, one that is too sure more', (t) => {
  const random = new RandomState(5);
  const confidences = Array.from({ length: 2000 }, () => 0.5 + 0.5 * random.random());
  const honest = calibrationOf(confidences.map((p) => answer(p, random.random() < p)));
  const bold = calibrationOf(confidences.map((p) => answer(p, random.random() < p - 0.1)));
  t.true(Math.abs(honest.ece - honest.floor) < 0.01, `${honest.ece} ${honest.floor}`);
  t.true(bold.ece > honest.floor + 0.05, `${bold.ece} ${honest.floor}`);
  t.true(calibrationOf(confidences.slice(0, 100).map((p) => answer(p, true))).floor > 2 * honest.floor);
});
