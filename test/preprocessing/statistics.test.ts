import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { eigenSymmetric } from '../../src/keras/preprocessing/eigen.js';
import {
  channelDeviations,
  channelMeans,
  deviation,
  mean,
  pairwiseSum,
  zcaMatrix,
} from '../../src/keras/preprocessing/statistics.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';

const values = Float32Array.from({ length: 50001 }, (_, i) => ((i * 7919) % 1000) / 7);

test('sums, means and deviations are NumPy 2.4.6’s to the last bit', (t) => {
  // Added one after the other in float32, they make 3567859.5.
  t.is(pairwiseSum(values), 3567857);
  t.is(mean(values), 71.355712890625);
  t.is(deviation(values), 41.240108489990234);
});

test('of several channels they carry NumPy’s rounding, too', (t) => {
  const pictures = values.subarray(0, 16 * 32 * 32 * 3);
  // The true means are 71.356655, 71.347028 and 71.363560.
  t.deepEqual([...channelMeans(pictures, 3)], [71.356689453125, 71.34699249267578, 71.36354064941406]);
  t.deepEqual(
    [...channelDeviations(pictures, 3)],
    [41.240726470947266, 41.241310119628906, 41.239559173583984],
  );
});

test('eigenvectors are orthonormal and give the matrix back', (t) => {
  for (const n of [1, 2, 7, 20]) {
    const random = new RandomState(n);
    const half = random.uniform(-1, 1, n * n);
    const matrix = half.map((value, i) => value + half[(i % n) * n + Math.floor(i / n)]!);
    const { values: eigenvalues, vectors } = eigenSymmetric(matrix, n);
    const product = (weigh: (k: number) => number) =>
      Float64Array.from({ length: n * n }, (_, i) =>
        vectors.reduce((sum, v, k) => sum + v[Math.floor(i / n)]! * v[i % n]! * weigh(k), 0),
      );
    const exactly = { relative: 0, absolute: 1e-13 };
    assertClose(
      t,
      product((k) => eigenvalues[k]!),
      matrix,
      { label: `${n} rows`, ...exactly },
    );
    const identity = matrix.map((_, i) => (i % (n + 1) === 0 ? 1 : 0));
    assertClose(
      t,
      product(() => 1),
      identity,
      { label: `${n} vectors`, ...exactly },
    );
  }
});

for (const [n, d] of [
  [40, 6],
  [5, 12],
] as const)
  test(`whitening ${n} pictures of ${d} values undoes how they vary together`, (t) => {
    const x = Float32Array.from(new RandomState(n).normal(0, 3, n * d));
    const { data: w } = zcaMatrix(float32(x, [n, d]), 0);
    const times = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Float64Array.from({ length: (a.length / d) * d }, (_, i) => {
        const row = i - (i % d);
        let sum = 0;
        for (let k = 0; k < d; k++) sum += a[row + k]! * b[k * d + (i % d)]!;
        return sum;
      });
    const covariance = Float64Array.from({ length: d * d }, (_, i) => {
      let sum = 0;
      for (let row = 0; row < n; row++) sum += x[row * d + Math.floor(i / d)]! * x[row * d + (i % d)]!;
      return sum / n;
    });
    // w · covariance · w is the identity on all that the pictures hold.
    assertClose(t, times(times(times(x, w), covariance), w), x, {
      label: 'pictures',
      relative: 1e-4,
      absolute: 1e-4,
    });
  });
