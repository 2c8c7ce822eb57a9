import test from 'ava';
import { evaluatePredictions } from '../../src/classifier/metrics.js';

test('accuracy, loss, the report of each class and the confusion follow their definitions', (t) => {
  const evaluation = evaluatePredictions(
    ['a', 'b', 'c'],
    [
      { label: 0, probabilities: [0.7, 0.2, 0.1] },
      { label: 0, probabilities: [0.1, 0.8, 0.1] },
      { label: 1, probabilities: [0.25, 0.5, 0.25] },
      { label: 1, probabilities: [0.4, 0.4, 0.2] },
    ],
  );
  const loss = -(Math.log(0.7) + Math.log(0.1) + Math.log(0.5) + Math.log(0.4)) / 4;
  t.true(Math.abs(evaluation.loss - loss) < 1e-12);
  t.deepEqual(
    { ...evaluation, loss: 0 },
    {
      samples: 4,
      loss: 0,
      accuracy: 0.5,
      classes: [
        { label: 'a', support: 2, precision: 0.5, recall: 0.5, f1: 0.5 },
        { label: 'b', support: 2, precision: 0.5, recall: 0.5, f1: 0.5 },
        { label: 'c', support: 0, precision: 0, recall: 0, f1: 0 },
      ],
      confusion: [
        [1, 1, 0],
        [1, 1, 0],
        [0, 0, 0],
      ],
    },
  );
});

test('a probability of 0 for the true class costs what Keras makes of it', (t) => {
  const { loss } = evaluatePredictions(['a', 'b'], [{ label: 0, probabilities: [0, 1] }]);
  t.is(loss, -Math.log(1e-7));
});

test('no pictures have no accuracy', (t) => {
  const { samples, loss, accuracy } = evaluatePredictions(['a', 'b'], []);
  t.deepEqual({ samples, loss, accuracy }, { samples: 0, loss: 0, accuracy: 0 });
});
