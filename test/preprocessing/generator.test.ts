import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { float32 } from '../../src/graph/tensor.js';
import {
  type FlowOptions,
  ImageDataGenerator,
  PyDatasetAdapter,
} from '../../src/keras/preprocessing/index.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { assertClose } from '../compare.js';
import { type Packed, pack, type Request, type Result, runGenerator, unpack } from './run-generator.js';

interface Golden {
  pictures: Packed;
  arrays: { name: string; request: Request; result: Result }[];
  /** The pictures of a folder; each has its place in this list as its level. */
  files: string[];
  folders: { request: Request; result: Omit<Result, 'drawn'> }[];
  /** The labels of the batches that Keras's `fit` takes, pass after pass; pictures are numbered by their labels. */
  fit: {
    request: { globalSeed: number; count: number; epochs: number; shuffle: boolean; flow: FlowOptions };
    passes: number[][][];
  };
}

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/preprocessing.json', import.meta.url), 'utf8'),
) as Golden;

const folder = mkdtempSync(join(tmpdir(), 'generator-'));
test.after.always(() => rmSync(folder, { recursive: true }));
test.before(async () => {
  for (const [level, file] of golden.files.entries()) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    const data = new Uint8Array(18).fill(level);
    writeFileSync(path, file.endsWith('.txt') ? 'no picture' : await png(data, 3, 2));
  }
});

const png = (data: Uint8Array, width: number, height: number) =>
  sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();

// Serial tests draw from the process-wide stream, which they seed.
for (const { name, request, result } of golden.arrays)
  test.serial(`${name}: the batches that Keras yields`, async (t) => {
    const { pictures: x } = golden;
    const actual = await runGenerator({
      ...request,
      x,
      y: pack(float32([0, 1, 2, 3])),
      ...(request.fit ? { fit: { ...request.fit, x } } : {}),
    });
    t.deepEqual(
      { ...actual, batches: [], statistics: [] },
      { ...result, batches: [], statistics: [] },
      'what was drawn, printed and warned of',
    );
    for (const [i, statistic] of result.statistics.entries())
      assertClose(t, unpack(actual.statistics[i]!), unpack(statistic), {
        label: `statistic ${i}`,
        relative: 1e-6,
      });
    for (const [i, batch] of result.batches.entries())
      for (const [j, array] of batch.entries())
        assertClose(t, unpack(actual.batches[i]![j]!), unpack(array), {
          label: `batch ${i}.${j}`,
          relative: 1e-6,
          absolute: 1e-5,
        });
  });

for (const [i, { request, result }] of golden.folders.entries())
  test.serial(`folder ${i}: the files, the order and the labels that Keras yields`, async (t) => {
    const { drawn: _, ...actual } = await runGenerator({ ...request, directory: folder });
    const unpacked = ({ batches, ...rest }: typeof actual) => ({
      ...rest,
      batches: batches.map((batch) => batch.map(unpack)),
    });
    t.deepEqual(unpacked(actual), unpacked(result));
  });

test.serial('an adapter takes the batches that Keras’s fit takes', async (t) => {
  const { globalSeed, count, epochs, shuffle, flow } = golden.fit.request;
  setRandomSeed(globalSeed);
  const numbers = Array.from({ length: count }, (_, i) => i);
  const iterator = new ImageDataGenerator({ rotationRange: 10 }).flow(noise(count, 2, 2, 3), numbers, flow);
  const adapter = new PyDatasetAdapter(iterator, { shuffle });
  const passes: number[][][] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const labels: number[][] = [];
    for await (const [, y] of adapter.pass()) labels.push([...(y!.data as Float32Array)]);
    passes.push(labels);
  }
  t.deepEqual(passes, golden.fit.passes);
});

const noise = (...dims: number[]) =>
  float32(
    Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => (i * 7919) % 256),
    dims,
  );

test.serial(
  'batches that are asked for at the same time are those asked for one after the other',
  async (t) => {
    const flow = () =>
      new ImageDataGenerator({ rotationRange: 30, horizontalFlip: true, warn: () => {} }).flowFromDirectory(
        folder,
        {
          targetSize: [2, 2],
          batchSize: 4,
          seed: 3,
          print: () => {},
        },
      );
    const one = flow();
    const inTurn = [];
    for (let i = 0; i < 6; i++) inTurn.push((await one.next()).value);
    const other = flow();
    const atOnce = await Promise.all(Array.from({ length: 6 }, () => other.next()));
    t.deepEqual(
      atOnce.map(({ value }) => value),
      inTurn,
    );
  },
);

test('an iterator goes on without end, and starts a pass anew when reset', async (t) => {
  const flow = new ImageDataGenerator().flow(noise(5, 1, 1, 1), [0, 1, 2, 3, 4], {
    batchSize: 2,
    shuffle: false,
  });
  const labels: number[][] = [];
  for await (const [, y] of flow) {
    labels.push([...(y!.data as Float32Array)]);
    if (labels.length === 4) flow.reset();
    if (labels.length === 5) break;
  }
  t.deepEqual(labels, [[0, 1], [2, 3], [4], [0, 1], [0, 1]]);
  t.is(flow.length, 3);
  await t.throwsAsync(() => flow.get(3), {
    name: 'ValueError',
    message: 'Asked to retrieve element 3, but the Sequence has length 3',
  });
});

test('the pictures that a user gives stay as they are', async (t) => {
  const x = noise(4, 3, 3, 3);
  const before = x.data.slice();
  const generator = new ImageDataGenerator({ rescale: 1 / 255, featurewiseCenter: true });
  generator.fit(x);
  await generator.flow(x).next();
  t.deepEqual(x.data, before);
});

test.serial('saveToDir keeps the pictures as they were fed, stretched to 0–255', async (t) => {
  const target = mkdtempSync(join(tmpdir(), 'saved-'));
  t.teardown(() => rmSync(target, { recursive: true }));
  const flow = new ImageDataGenerator({ rescale: 1 / 255 }).flow(noise(1, 4, 5, 3), null, {
    seed: 1,
    saveToDir: target,
    savePrefix: 'cat',
  });
  const [x] = (await flow.next()).value;
  // np.random.RandomState(1), a permutation of one, two flips, then randint(1e4).
  const { data } = await sharp(join(target, 'cat_0_905.png')).raw().toBuffer({ resolveWithObject: true });
  const high = Math.max(...x.data);
  const low = Math.min(...x.data);
  t.deepEqual(
    [...data],
    [...x.data].map((value) =>
      Math.trunc(Math.fround(Math.fround((value - low) / Math.fround(high - low)) * 255)),
    ),
  );
});

test('a generator knows whether it changes pictures at random', (t) => {
  const isRandom = (options: ConstructorParameters<typeof ImageDataGenerator>[0]) =>
    new ImageDataGenerator(options).isRandom;
  t.false(isRandom({ rescale: 1 / 255, samplewiseCenter: true, fillMode: 'wrap', heightShiftRange: [] }));
  for (const options of [
    { rotationRange: 1 },
    { widthShiftRange: 0.1 },
    { heightShiftRange: [0, 1] },
    { shearRange: 1 },
    { zoomRange: 0.1 },
    { zoomRange: [1, 2] as const },
    { channelShiftRange: 1 },
    { brightnessRange: [1, 1] as const },
    { horizontalFlip: true },
    { verticalFlip: true },
  ])
    t.true(isRandom(options), JSON.stringify(options));
});

test.serial('what a batch needs can be drawn first and made later', async (t) => {
  const flow = () =>
    new ImageDataGenerator({ rotationRange: 30 }).flow(noise(9, 3, 3, 1), null, { batchSize: 4, seed: 1 });
  const [one, other] = [flow(), flow()];
  const drawn = [0, 1, 2].map((index) => other.draw(index));
  const batches = [];
  for (const index of [0, 1, 2]) batches.push(await one.get(index));
  t.deepEqual(await Promise.all(drawn.map((draws) => other.make(draws))), batches);
  t.deepEqual(drawn.flatMap(({ indices }) => indices).sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('options that contradict each other are settled in Keras’s words', (t) => {
  const warnings: string[] = [];
  const { options } = new ImageDataGenerator({
    zcaWhitening: true,
    featurewiseStdNormalization: true,
    warn: (message) => warnings.push(message),
  });
  t.true(options.featurewiseCenter);
  t.false(options.featurewiseStdNormalization);
  t.deepEqual(warnings, [
    'This ImageDataGenerator specifies `zca_whitening`, which overrides setting of `featurewise_center`.',
    'This ImageDataGenerator specifies `zca_whitening` which overrides setting of`featurewise_std_normalization`.',
    'This ImageDataGenerator specifies `featurewise_std_normalization`, which overrides setting of `featurewise_center`.',
  ]);
});

test('a generator that was not fit warns once', (t) => {
  const warnings: string[] = [];
  const generator = new ImageDataGenerator({
    featurewiseCenter: true,
    warn: (message) => warnings.push(message),
  });
  generator.standardize(noise(2, 2, 3));
  generator.standardize(noise(2, 2, 3));
  t.deepEqual(warnings, [
    "This ImageDataGenerator specifies `featurewise_center`, but it hasn't been fit on any training data. Fit it first by calling `.fit(numpy_data)`.",
  ]);
});

test('bad options and bad data are refused with what was received', (t) => {
  const refusal = (make: () => unknown) => t.throws(make)?.message;
  const generator = new ImageDataGenerator({ validationSplit: 0.5, warn: () => {} });
  const cases: [make: () => unknown, message: string][] = [
    [
      () => new ImageDataGenerator({ zoomRange: [1] as never }),
      '`zoomRange` should be a float or a tuple or list of two floats. Received: 1',
    ],
    [
      () => new ImageDataGenerator({ brightnessRange: 0.5 as never }),
      '`brightnessRange` should be a tuple or list of two floats. Received: 0.5',
    ],
    [
      () => new ImageDataGenerator({ validationSplit: 1 }),
      '`validationSplit` must be strictly between 0 and 1. Received: 1',
    ],
    [
      () => new ImageDataGenerator({ fillMode: 'mirror' as never }),
      "Expected `fillMode` to be 'constant', 'nearest', 'reflect' or 'wrap'. Received: 'mirror'.",
    ],
    [
      () => generator.flow(noise(4, 2, 2), null),
      'Input data in `NumpyArrayIterator` should have rank 4. You passed an array with shape (4, 2, 2)',
    ],
    [
      () => generator.flow(noise(4, 2, 2, 3), [1, 2]),
      '`x` (images tensor) and `y` (labels) should have the same length. Found: x.shape = (4, 2, 2, 3), y.shape = (2,)',
    ],
    [
      () => generator.flow(noise(4, 2, 2, 3), [0, 0, 1, 1], { subset: 'training' }),
      'Training and validation subsets have different number of classes after the split. If your numpy arrays are sorted by the label, you might want to shuffle them.',
    ],
    [
      () => generator.flow(noise(4, 2, 2, 3), null, { batchSize: 0 }),
      'Expected `batchSize` to be a positive whole number. Received: 0.',
    ],
    [
      () => generator.flowFromDirectory(join(folder, 'nowhere')),
      `Expected a folder that holds one folder a class. Received: '${join(folder, 'nowhere')}', which is none.`,
    ],
    [
      () => generator.flowFromDirectory(folder, { classMode: 'other' as never }),
      'Invalid classMode: other; expected one of: categorical, binary, sparse, input, null',
    ],
    [
      () => generator.flowFromDirectory(folder, { colorMode: 'cmyk' as never }),
      'colorMode must be "grayscale", "rgb", or "rgba"',
    ],
  ];
  for (const [make, message] of cases) t.is(refusal(make), message);
});

test('a file that is no picture is named', async (t) => {
  const broken = mkdtempSync(join(tmpdir(), 'broken-'));
  t.teardown(() => rmSync(broken, { recursive: true }));
  mkdirSync(join(broken, 'a'), { recursive: true });
  writeFileSync(join(broken, 'a/cat.jpg'), 'no picture');
  const flow = new ImageDataGenerator().flowFromDirectory(broken, { print: () => {} });
  const error = await t.throwsAsync(() => flow.next(), { name: 'ImageError' });
  t.true(error?.message.startsWith(`${join(broken, 'a/cat.jpg')}: Expected a picture`), error?.message);
});
