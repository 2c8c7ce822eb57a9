import test from 'ava';
import { anchorPoints } from '../../src/images/faces/anchors.js';
import { overlap, suppressNonMaxima } from '../../src/images/faces/suppression.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { referenceSuppression } from './tfjs.js';

const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });

test('overlap is intersection over union', (t) => {
  t.is(overlap(box(0, 0, 2, 2), box(0, 0, 2, 2)), 1);
  t.is(overlap(box(0, 0, 2, 2), box(1, 0, 3, 2)), 2 / 6);
  t.is(overlap(box(0, 0, 4, 4), box(1, 1, 3, 3)), 4 / 16);
  t.is(overlap(box(0, 0, 2, 2), box(2, 0, 4, 2)), 0);
  t.is(overlap(box(0, 0, 2, 2), box(5, 5, 6, 6)), 0);
  t.is(overlap(box(1, 1, 1, 1), box(1, 1, 1, 1)), 0);
});

test('the same boxes are kept as in TensorFlow.js', async (t) => {
  const random = new RandomState(7);
  for (const maxOverlap of [0.01, 0.1, 0.3, 0.5]) {
    const boxes = Array.from({ length: 200 }, () => {
      const [x, y, w, h] = Array.from({ length: 4 }, () => random.random()) as [
        number,
        number,
        number,
        number,
      ];
      return [100 * x, 100 * y, 100 * x + 5 + 40 * w, 100 * y + 5 + 40 * h];
    });
    const scores = [...random.uniform(0, 1, 200)];
    const candidates = boxes.map(([left, top, right, bottom], i) => ({
      box: box(left!, top!, right!, bottom!),
      score: scores[i]!,
      i,
    }));
    const kept = suppressNonMaxima(candidates, maxOverlap);
    t.true(kept.length > 5 && kept.length < 200, `${kept.length} kept`);
    t.deepEqual(
      kept.map(({ i }) => i),
      await referenceSuppression(boxes, scores, maxOverlap),
    );
  }
});

test('of equal scores the first is kept', (t) => {
  const first = { box: box(0, 0, 2, 2), score: 0.8 };
  const second = { box: box(0, 0, 2, 2.1), score: 0.8 };
  t.deepEqual(suppressNonMaxima([first, second], 0.3), [first]);
  t.deepEqual(suppressNonMaxima([second, first], 0.3), [second]);
});

test('boxes that overlap just as much as allowed are kept', (t) => {
  const first = { box: box(0, 0, 2, 2), score: 0.9 };
  const quarter = { box: box(0, 0, 1, 1), score: 0.8 };
  t.deepEqual(suppressNonMaxima([first, quarter], 0.25), [first, quarter]);
  t.deepEqual(suppressNonMaxima([first, quarter], 0.24), [first]);
});

test('anchors lie at the centres of the cells of both grids', (t) => {
  const points = anchorPoints();
  t.is(points.length, 2 * 896);
  // Anchor i from its number alone: pairs on a grid of 16 × 16, then sixes on one of 8 × 8.
  for (let i = 0; i < 896; i++) {
    const [cell, size] = i < 512 ? [Math.floor(i / 2), 16] : [Math.floor((i - 512) / 6), 32];
    const inRow = 256 / size;
    t.deepEqual(
      [points[2 * i], points[2 * i + 1]],
      [((cell % inRow) + 0.5) * size, (Math.floor(cell / inRow) + 0.5) * size],
    );
  }
});
