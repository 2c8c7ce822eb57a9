import { readFileSync } from 'node:fs';
import test from 'ava';
import * as optimizers from '../../src/keras/optimizers/index.js';
import { assertClose } from '../compare.js';
import {
  type Answer,
  type Case,
  compileCase,
  type Measured,
  type MeasuredAnswer,
  make,
  measure,
  type Spec,
  trainSteps,
  unpack,
} from './case.js';

/** Made by tools/goldens/training.py. */
const golden: {
  cases: { case: Case; answer: Answer }[];
  measured: Measured & MeasuredAnswer;
  schedules: { schedule: Spec; rates: number[]; config: unknown }[];
} = JSON.parse(readFileSync('test/golden/training.json', 'utf8'));

for (const { case: given, answer } of golden.cases)
  test(`${given.name}, ${given.optimizer[0]} on ${given.loss}: losses, metrics and weights are Keras's`, async (t) => {
    const model = compileCase(given, answer);
    if (given.epochs) {
      const { history } = await model.fit(unpack(answer.x), unpack(answer.y), {
        ...{ batchSize: given.batch, epochs: given.epochs, shuffle: false, verbose: 0 },
        validationSplit: given.validation_split,
      });
      t.deepEqual(Object.keys(history).toSorted(), Object.keys(answer.history!).toSorted());
      for (const [name, values] of Object.entries(answer.history!))
        assertClose(t, history[name]!, values, { label: name });
    } else {
      assertClose(t, await trainSteps(model, given, answer), answer.losses!, { label: 'loss' });
    }
    // Weights are about 1, and so are what adds up to those near 0.
    for (const [i, weight] of model.weights.entries())
      assertClose(t, weight.value, unpack(answer.final[i]!).data, { label: `weight ${i}`, absolute: 1e-5 });
    await model.release();
  });

test('metrics of outputs on thresholds are those of Keras', async (t) => {
  const { measured } = golden;
  assertClose(t, (await measure(measured, measured)).flat(), measured.results.flat(), { label: 'metric' });
});

for (const { schedule, rates, config } of golden.schedules)
  test(`the rates of ${schedule[0]} are Keras's`, (t) => {
    const made = make<optimizers.LearningRateSchedule>(optimizers, schedule);
    // Where a cosine or a power comes near to 0, single precision leaves few digits.
    const tolerance = { relative: 2e-6, absolute: 2e-8 };
    assertClose(
      t,
      rates.map((_, i) => made.at(7 * i)),
      rates,
      { label: 'rates', ...tolerance },
    );
    t.deepEqual(made.serialize(), config);
  });
