import test from 'ava';
import { affine, type FillMode, type Matrix, type SplineOrder } from '../../src/images/affine.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';
import { pythonScript } from './python.js';

const ask = pythonScript('streams.py');

type Call =
  | ['random_sample', [number]]
  | ['uniform', [number, number, number]]
  | ['randint', [number, number, number]]
  | ['choice', [number, number]]
  | ['permutation', [number]];

/** The same call of this project's stream. */
function call(random: RandomState, [name, [a, b, c]]: Call): number[] {
  switch (name) {
    case 'random_sample':
      return [...random.randomSample(a)];
    case 'uniform':
      return [...random.uniform(a, b!, c!)];
    case 'randint':
      return [...random.randint(a, b!, c!)];
    case 'choice':
      return random.choice(a, b!);
    case 'permutation':
      return random.permutation(a);
  }
}

test('300 streams of ten random calls each draw what NumPy draws, to the last bit', async (t) => {
  const requests = Array.from({ length: 300 }, (_, i) => {
    const pick = new RandomState(i);
    const size = () => pick.randint(1, 50);
    const calls = Array.from({ length: 10 }, () =>
      pick.choice<() => Call>([
        () => ['random_sample', [size()]],
        () => ['uniform', [pick.uniform(-100, 100), pick.uniform(-100, 100), size()]],
        () => ['randint', [-pick.randint(0, 1000), pick.randint(1, 2 ** 31), size()]],
        () => ['choice', [pick.randint(1, 1000), size()]],
        () => ['permutation', [pick.randint(0, 900)]],
      ])(),
    );
    return { seed: pick.randint(0, 2 ** 32), calls };
  });
  const expected = await ask<unknown[]>(requests);
  for (const [i, { seed, calls }] of requests.entries()) {
    const random = new RandomState(seed);
    t.deepEqual(
      calls.map((each) => call(random, each)),
      expected[i],
      `seed ${seed}`,
    );
  }
});

test('400 random moves of pictures are SciPy’s', async (t) => {
  const requests = Array.from({ length: 400 }, (_, i) => {
    const random = new RandomState(i);
    const side = () => random.choice([1, 2, 5, 7, 20, 33]);
    const [height, width] = [side(), side()];
    const angle = random.uniform(-4, 4);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return {
      height,
      width,
      picture: [...random.randint(0, 256, height * width)],
      type: random.choice(['uint8', 'float32'] as const),
      matrix: random.choice<Matrix>([
        [cos, -sin, sin, cos],
        [1, 0, 0, 1],
        [...random.uniform(-3, 3, 4)] as unknown as Matrix,
      ]),
      offset: random.choice([[...random.uniform(-50, 50, 2)], [...random.randint(-5, 6, 2)]]) as [
        number,
        number,
      ],
      order: random.randint(0, 6) as SplineOrder,
      fillMode: random.choice<FillMode>(['constant', 'nearest', 'reflect', 'wrap']),
      cval: random.randint(0, 256),
    };
  });
  const expected = await ask<string[]>(requests);
  let exact = 0;
  for (const [i, { picture, type, matrix, offset, height, width, ...options }] of requests.entries()) {
    const data = type === 'uint8' ? Uint8Array.from(picture) : Float32Array.from(picture);
    const { data: moved } = affine({ height, width, channels: 1, data }, matrix, offset, options);
    const wanted = new Float32Array(new Uint8Array(Buffer.from(expected[i]!, 'base64')).buffer);
    if (wanted.every((value, k) => value === moved[k])) exact++;
    assertClose(t, moved, wanted, { label: `move ${i}`, relative: 1e-6, absolute: 1e-4 });
  }
  t.log(`${exact} of ${requests.length} are equal to the last bit`);
});
