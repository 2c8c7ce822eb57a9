import test from 'ava';
import { fitTemperature, meanNll } from '../../src/classifier/temperature.js';
import { RandomState } from '../../src/keras/random/random-state.js';

/** Rows whose true class is drawn from softmax(logits / temperature). */
function drawn(temperature: number, rows = 4000, classes = 4) {
  const random = new RandomState(3);
  const logits = random.normal(0, 3, rows * classes);
  const labels = Array.from({ length: rows }, (_, row) => {
    const scaled = Array.from(logits.subarray(row * classes, (row + 1) * classes), (z) => z / temperature);
    const exponentials = scaled.map((z) => Math.exp(z));
    let left = random.random() * exponentials.reduce((a, b) => a + b, 0);
    return exponentials.findIndex((value) => {
      left -= value;
      return left < 0;
    });
  });
  return { logits, labels };
}

test('finds the temperature that the answers were drawn with', (t) => {
  for (const temperature of [1.5, 3, 6]) {
    const found = fitTemperature(drawn(temperature));
    t.true(Math.abs(found / temperature - 1) < 0.08, `${found} for ${temperature}`);
  }
});

test('no neighbour of the temperature has a lower loss', (t) => {
  const rows = drawn(2.5, 300);
  const found = fitTemperature(rows);
  for (const factor of [0.98, 1.02]) t.true(meanNll(rows, found) <= meanNll(rows, found * factor));
});

test('never makes answers surer than they are, nor flat', (t) => {
  t.is(fitTemperature(drawn(0.3)), 1);
  const wrong = {
    logits: Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 500 : 0)),
    labels: new Array(20).fill(1),
  };
  t.true(Math.abs(fitTemperature(wrong) - 10) < 0.01);
  t.is(fitTemperature({ logits: [], labels: [] }), 1);
});

test('logits beyond what exp can hold have a loss', (t) => {
  t.is(meanNll({ logits: [2000, 0], labels: [0] }), 0);
  t.is(meanNll({ logits: [2000, 0], labels: [1] }), 2000);
});
