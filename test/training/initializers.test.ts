/** First values are spread as Keras spreads them; the numbers themselves are ours. */
import test from 'ava';
import * as initializers from '../../src/keras/initializers.js';
import { RandomState } from '../../src/keras/random/random-state.js';

const { getInitializer } = initializers;

/** A kernel of 3 × 3 positions, 20 channels in and 30 out. */
const shape = [3, 3, 20, 30] as const;
const [fanIn, fanOut] = [180, 270];

/** The deviation, and the greatest value, that each is to have. */
const spreads: [initializers.InitializerName, deviation: number, bound: number][] = [
  ['glorot_uniform', Math.sqrt(2 / (fanIn + fanOut)), Math.sqrt(6 / (fanIn + fanOut))],
  ['he_uniform', Math.sqrt(2 / fanIn), Math.sqrt(6 / fanIn)],
  ['lecun_uniform', Math.sqrt(1 / fanIn), Math.sqrt(3 / fanIn)],
  // What lies over two deviations off is drawn anew; the deviation is that of what is left.
  ['glorot_normal', Math.sqrt(2 / (fanIn + fanOut)), (2 / 0.87962566) * Math.sqrt(2 / (fanIn + fanOut))],
  ['he_normal', Math.sqrt(2 / fanIn), (2 / 0.87962566) * Math.sqrt(2 / fanIn)],
  ['lecun_normal', Math.sqrt(1 / fanIn), (2 / 0.87962566) * Math.sqrt(1 / fanIn)],
  ['variance_scaling', Math.sqrt(1 / fanIn), (2 / 0.87962566) * Math.sqrt(1 / fanIn)],
  ['truncated_normal', 0.05 * 0.87962566, 0.1],
  ['random_normal', 0.05, 0.3],
  ['random_uniform', 0.05 / Math.sqrt(3), 0.05],
];

for (const [name, deviation, bound] of spreads)
  test(`${name}: mean, deviation and bound`, (t) => {
    const values = getInitializer(name).make(shape);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const found = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    // 5,400 values: the mean is off by 1.4% of the deviation, the deviation by 1%.
    t.true(Math.abs(mean) < 0.07 * deviation, `mean ${mean}`);
    t.true(Math.abs(found / deviation - 1) < 0.05, `deviation ${found}, not ${deviation}`);
    const greatest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    t.true(
      greatest <= bound * (1 + 1e-6) && greatest > 0.7 * Math.min(bound, 4 * deviation),
      `up to ${greatest}`,
    );
  });

test('a seed makes the values repeatable by themselves', (t) => {
  for (const make of [initializers.GlorotUniform, initializers.HeNormal, initializers.Orthogonal]) {
    t.deepEqual(make({ seed: 3 }).make([4, 5]), make({ seed: 3 }).make([4, 5]));
    t.notDeepEqual(make({ seed: 3 }).make([4, 5]), make({ seed: 4 }).make([4, 5]));
  }
});

test('orthogonal: the shorter side is of unit vectors at right angles', (t) => {
  for (const [rows, columns, dims] of [
    [6, 4, [2, 3, 4]],
    [3, 7, [3, 7]],
  ] as const) {
    const values = initializers.Orthogonal({ gain: 2, seed: 1 }).make(dims);
    const at = (row: number, column: number) => values[row * columns + column]! / 2;
    const count = Math.min(rows, columns);
    for (let i = 0; i < count; i++)
      for (let j = 0; j < count; j++) {
        let product = 0;
        for (let k = 0; k < Math.max(rows, columns); k++)
          product += rows >= columns ? at(k, i) * at(k, j) : at(i, k) * at(j, k);
        t.true(Math.abs(product - (i === j ? 1 : 0)) < 1e-6, `${rows} × ${columns}: ${i}, ${j}: ${product}`);
      }
  }
  t.throws(() => initializers.Orthogonal().make([3]), {
    message: 'The tensor to initialize must be at least two-dimensional. Received: shape=(3,) of rank 1.',
  });
});

test('what is the same everywhere, and the identity', (t) => {
  t.deepEqual([...initializers.Constant({ value: 3 }).make([2])], [3, 3]);
  t.deepEqual([...initializers.Ones().make([2])], [1, 1]);
  t.deepEqual([...initializers.Identity({ gain: 2 }).make([2, 3])], [2, 0, 0, 0, 2, 0]);
  t.deepEqual([...getInitializer('identity').make([4, 2])], [1, 0, 0, 1, 0, 0, 0, 0]);
  t.throws(() => initializers.Identity().make([3, 3, 3]), {
    message:
      'Identity matrix initializer can only be used for 2D matrices. Received: shape=(3, 3, 3) of rank 3.',
  });
});

test('names are those of Keras: classes, snake case, and short ones', (t) => {
  for (const [name, className] of [
    ['GlorotUniform', 'GlorotUniform'],
    ['constant', 'Constant'],
    ['normal', 'RandomNormal'],
    ['uniform', 'RandomUniform'],
    ['zero', 'Zeros'],
    ['one', 'Ones'],
  ] as const)
    t.is(getInitializer(name).serialize().class_name, className);
});

test('a stream is drawn from again and again, and is not told', (t) => {
  const make = (seed: number) => {
    const initializer = initializers.HeNormal({ seed: new RandomState(seed) });
    return [initializer.make([2, 3]), initializer.make([2, 3])];
  };
  t.deepEqual(make(1), make(1));
  const [first, second] = make(1);
  t.notDeepEqual(first, second);
  const { config } = initializers.HeNormal({ seed: new RandomState(1) }).serialize();
  t.deepEqual(config, { seed: null, input_axes: null, output_axes: null });
});

test('a scale of variances is positive', (t) => {
  t.throws(() => initializers.VarianceScaling({ scale: -1 }), {
    name: 'ValueError',
    message: 'Argument `scale` must be positive float. Received: scale=-1',
  });
});
