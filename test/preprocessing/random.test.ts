import { readFileSync } from 'node:fs';
import test from 'ava';
import { globalPythonRandom, globalRandom, setRandomSeed } from '../../src/keras/random/global-random.js';
import { PythonRandom } from '../../src/keras/random/python-random.js';
import { RandomState, type Seed } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/random-state.json', import.meta.url), 'utf8'),
) as {
  python: { seed: number; shuffled: number[]; randint: number[] }[];
  draws: ({ seed: Seed; normal: number[] } & Record<string, unknown>)[];
};

for (const { normal, ...expected } of golden.draws)
  test(`a stream seeded with ${JSON.stringify(expected.seed)} draws what NumPy draws`, (t) => {
    const random = new RandomState(expected.seed);
    const sample = random.randomSample();
    const uniform = [...random.uniform(-3, 5, 4)];
    const drawnNormal = random.normal(2, 3, 5);
    t.deepEqual(
      {
        seed: expected.seed,
        random_sample: sample,
        uniform,
        randint: [...random.randint(-5, 5, 20)],
        randint_wide: [...random.randint(0, 2 ** 32, 3)],
        choice: random.choice(7, 5),
        choice_of_list: random.choice([3, 1, 4]),
        choice_of_one: random.choice(1),
        choice_without_replacement: random.choice(10, 4, { replace: false }),
        choice_weighted: random.choice(4, 6, { p: [0.1, 0.2, 0.3, 0.4] }),
        choice_weighted_without_replacement: random.choice(6, 5, {
          replace: false,
          p: [0.1, 0.2, 0.3, 0.2, 0.1, 0.1],
        }),
        permutation: random.permutation(20),
        permutation_end: random.permutation(700).slice(-5),
        uniform_reversed: random.uniform(3, -3),
      },
      expected,
    );
    // C and JavaScript round the logarithm differently now and then.
    assertClose(t, drawnNormal, normal, { label: 'normal', relative: 1e-14 });
  });

for (const expected of golden.python)
  test(`Python’s random seeded with ${expected.seed} draws what Python draws`, (t) => {
    const random = new PythonRandom(expected.seed);
    const shuffled = Array.from({ length: 12 }, (_, i) => i);
    random.shuffle(shuffled);
    const randint = [random.randint(1, 1e9), random.randint(0, 7), random.randint(5, 5)];
    t.deepEqual({ seed: expected.seed, shuffled, randint }, expected);
  });

test('seeding anew repeats the stream and forgets the second normal value of a pair', (t) => {
  const random = new RandomState(7);
  const first = random.normal();
  random.seed(7);
  t.is(random.normal(), first);
});

test('a stream without a seed starts from the entropy that it is given', (t) => {
  const entropy = () => [1, 2, 3];
  t.is(new RandomState(null, entropy).random(), new RandomState([1, 2, 3]).random());
});

test('a seed out of range is refused', (t) => {
  for (const seed of [-1, 2 ** 32, 0.5])
    t.throws(() => new RandomState(seed), {
      name: 'ValueError',
      message: `Seed must be between 0 and 2**32 - 1. Received: ${seed}.`,
    });
});

test('what cannot be drawn is refused in NumPy’s words', (t) => {
  const random = new RandomState(0);
  const refusal = (draw: () => unknown) => t.throws(draw)?.message;
  t.is(
    refusal(() => random.choice([])),
    'a must be greater than 0 unless no samples are taken',
  );
  t.is(
    refusal(() => random.choice(0.5)),
    'a must be 1-dimensional or an integer',
  );
  t.is(
    refusal(() => random.choice(2, 3, { replace: false })),
    "Cannot take a larger sample than population when 'replace=False'",
  );
  t.is(
    refusal(() => random.choice(2, 3, { p: [0.5, 0.6] })),
    'probabilities do not sum to 1',
  );
  t.is(
    refusal(() => random.randint(3, 3)),
    'low >= high',
  );
  t.is(
    refusal(() => random.normal(0, -1)),
    'scale < 0',
  );
});

test('setRandomSeed seeds the process-wide streams', (t) => {
  setRandomSeed(42);
  t.is(globalRandom().random(), 0.3745401188473625);
  t.is(globalPythonRandom().randint(1, 1e9), new PythonRandom(42).randint(1, 1e9));
  t.throws(() => setRandomSeed(0.5), {
    message: 'Expected `seed` argument to be an integer. Received: seed=0.5',
  });
});
