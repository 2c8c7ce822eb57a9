import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { RandomState } from '../../src/keras/random.js';
import { assertClose } from '../compare.js';
import { drawPicture, makePictureFolder } from '../preprocessing/pictures.js';
import { pack, type Request, type Result, runGenerator, unpack } from '../preprocessing/run-generator.js';

const folder = mkdtempSync(join(tmpdir(), 'preprocessing-'));
test.before(() => makePictureFolder(folder));
test.after.always(() => rmSync(folder, { recursive: true }));

function askKeras(requests: readonly Request[]): Result[] {
  const { stdout, stderr, status } = spawnSync(
    process.env.KERAS_PYTHON ?? '.venv/bin/python',
    ['test/keras/preprocessing.py'],
    { input: JSON.stringify(requests), encoding: 'utf8', maxBuffer: 2 ** 30 },
  );
  if (status !== 0) throw new Error(`Keras failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** A generator with every transform on, by amounts drawn at random. */
function everyTransform(random: RandomState): Request['generator'] {
  const shift = (): number | number[] =>
    random.choice<() => number | number[]>([
      () => random.uniform(0.05, 0.5),
      () => random.randint(1, 9),
      () => [-3, 2, 5],
      () => [-0.2, 0.1, 0.3],
      () => random.uniform(1, 6),
    ])();
  return {
    rotationRange: random.uniform(1, 180),
    widthShiftRange: shift(),
    heightShiftRange: shift(),
    brightnessRange: [random.uniform(0.2, 0.9), random.uniform(1, 1.8)],
    shearRange: random.uniform(1, 40),
    zoomRange: random.choice<number | [number, number]>([random.uniform(0.1, 0.5), [0.7, 1.6]]),
    channelShiftRange: random.uniform(1, 60),
    fillMode: random.choice(['constant', 'nearest', 'reflect', 'wrap'] as const),
    cval: random.randint(0, 256),
    horizontalFlip: true,
    verticalFlip: true,
    interpolationOrder: random.choice([0, 1, 1, 2, 3, 4, 5] as const),
  };
}

function randomRequest(seed: number): Request {
  const random = new RandomState(seed);
  return {
    globalSeed: seed,
    generator: {
      ...everyTransform(random),
      validationSplit: 0.3,
      ...(seed % 3 === 0 ? { preprocessingFunction: 'invert' as const } : {}),
    },
    directory: folder,
    flow: {
      targetSize: random.choice([
        [24, 24],
        [17, 30],
      ] as const),
      batchSize: random.randint(1, 8),
      colorMode: random.choice(['rgb', 'rgb', 'rgba', 'grayscale'] as const),
      classMode: random.choice(['categorical', 'sparse', 'binary', 'input', null] as const),
      interpolation: random.choice(['nearest', 'bilinear', 'bicubic', 'lanczos', 'box', 'hamming'] as const),
      subset: random.choice([null, null, 'training', 'validation'] as const),
      keepAspectRatio: random.choice([false, true]),
      followLinks: random.choice([false, true]),
      shuffle: random.choice([true, true, false]),
      seed: random.choice([seed, null]),
      classes: random.choice<string[] | null>([null, null, ['9', 'b']]),
    },
    batches: 3,
    items: [0],
  };
}

/** Everything but the pixels, which are compared with a tolerance. */
const withoutPixels = ({ batches, statistics, drawn, ...rest }: Result) => ({
  ...rest,
  shapes: [...batches, statistics].map((arrays) => arrays.map(({ dims }) => dims)),
  drawn,
});

test.serial('100 random settings with every transform on: the same files, amounts and pixels', async (t) => {
  t.timeout(300_000);
  const requests = Array.from({ length: 100 }, (_, seed) => randomRequest(seed));
  const expected = askKeras(requests);
  t.is(expected.length, 100);
  let values = 0;
  for (const [seed, request] of requests.entries()) {
    const result = await runGenerator(request);
    t.deepEqual(withoutPixels(result), withoutPixels(expected[seed]!), `seed ${seed}`);
    for (const [i, batch] of expected[seed]!.batches.entries())
      for (const [j, array] of batch.entries()) {
        values += unpack(array).data.length;
        assertClose(t, unpack(result.batches[i]![j]!), unpack(array), {
          label: `seed ${seed}, batch ${i}.${j}`,
          relative: 0,
          absolute: 1e-3,
        });
      }
  }
  t.log(`${values} values`);
});
