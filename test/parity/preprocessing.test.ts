import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import {
  type DatasetOptions,
  ImageDataGenerator,
  imageDatasetFromDirectory,
  PyDatasetAdapter,
} from '../../src/keras/preprocessing/index.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';
import { drawPicture, makePictureFolder } from '../preprocessing/pictures.js';
import {
  type Packed,
  pack,
  type Request,
  type Result,
  runGenerator,
  unpack,
} from '../preprocessing/run-generator.js';
import { pythonScript } from './python.js';

const root = mkdtempSync(join(tmpdir(), 'preprocessing-'));
const folder = join(root, 'pictures');
/** The same without JPEGs, which TensorFlow decodes with a faster, coarser transform than Pillow. */
const lossless = join(root, 'lossless');
test.before(async () => {
  await makePictureFolder(folder);
  await makePictureFolder(lossless, { jpeg: 'png' });
});
test.after.always(() => rmSync(root, { recursive: true }));

const askKeras = pythonScript('preprocessing.py');

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
  const expected = await askKeras<Result[]>(requests);
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

/** `count` pictures one after the other. */
function pictures(seed: number, count: number, [height, width, channels]: [number, number, 1 | 3 | 4]) {
  const all = Array.from(
    { length: count },
    (_, i) => drawPicture(seed * 1000 + i, width, height, channels).data,
  );
  return float32(Float32Array.from(all.flatMap((data) => [...data])), [count, height, width, channels]);
}

function normalisingRequest(seed: number): Request {
  const random = new RandomState(seed);
  const channels = random.choice([1, 3, 4] as const);
  const count = random.randint(60, 90);
  const shape: [number, number, 1 | 3 | 4] = [random.randint(3, 5), random.randint(3, 5), channels];
  const on = () => random.choice([true, false]);
  const isFit = random.random() < 0.8;
  const fit: Request['fit'] = {
    x: pack(pictures(seed, count, shape)),
    options: { augment: on(), rounds: random.randint(1, 3), seed: random.choice([null, 3]) },
  };
  const labels = Float32Array.from(random.permutation(24), (value) => value % 3);
  return {
    globalSeed: seed,
    generator: {
      featurewiseCenter: on(),
      featurewiseStdNormalization: on(),
      samplewiseCenter: on(),
      samplewiseStdNormalization: on(),
      zcaWhitening: random.random() < 0.3,
      rescale: random.choice([null, 1 / 255, 2]),
      rotationRange: random.choice([0, 30]),
      horizontalFlip: on(),
      validationSplit: 0.4,
      ...(random.random() < 0.3 ? { preprocessingFunction: 'invert' as const } : {}),
    },
    ...(isFit ? { fit } : {}),
    x: pack(pictures(seed + 1, 24, shape)),
    ...(random.random() < 0.8 ? { y: pack(float32(labels)) } : {}),
    flow: {
      batchSize: random.randint(1, 9),
      shuffle: on(),
      seed: random.choice([null, 5]),
      subset: random.choice([null, 'training', 'validation'] as const),
      ignoreClassSplit: true,
    },
    batches: 4,
    items: [0],
  };
}

test.serial('100 random normalisations of arrays: the same statistics and values', async (t) => {
  const requests = Array.from({ length: 100 }, (_, seed) => normalisingRequest(seed));
  const expected = await askKeras<Result[]>(requests);
  let exact = 0;
  for (const [seed, request] of requests.entries()) {
    const result = await runGenerator(request);
    t.deepEqual(withoutPixels(result), withoutPixels(expected[seed]!), `seed ${seed}`);
    const whitens = request.generator.zcaWhitening === true;
    for (const [i, statistic] of expected[seed]!.statistics.entries()) {
      const [actual, wanted] = [unpack(result.statistics[i]!), unpack(statistic)];
      if (actual.data.every((value, k) => value === wanted.data[k])) exact++;
      // Keras's SVD is in float32, and small singular values amplify its rounding.
      const scale = wanted.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      assertClose(t, actual, wanted, {
        label: `seed ${seed}, statistic ${i}`,
        relative: 1e-5,
        absolute: wanted.dims.length === 2 ? 1e-4 * scale : 0,
      });
    }
    for (const [i, batch] of expected[seed]!.batches.entries())
      for (const [j, array] of batch.entries()) {
        const wanted = unpack(array);
        const scale = wanted.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        assertClose(t, unpack(result.batches[i]![j]!), wanted, {
          label: `seed ${seed}, batch ${i}.${j}`,
          relative: 1e-5,
          absolute: (whitens ? 1e-3 : 1e-6) * scale,
        });
      }
  }
  t.log(`${exact} statistics are equal to the last bit`);
});

interface DatasetResult {
  printed: string;
  classNames: string[] | null;
  filePaths: string[][];
  lengths: number[];
  passes: Packed[][][];
}

interface DatasetRequest {
  globalSeed: number;
  directory: string;
  dataset: DatasetOptions;
}

function datasetRequest(seed: number): DatasetRequest {
  const random = new RandomState(seed);
  const on = () => random.choice([true, false]);
  const splits = random.random() < 0.6;
  const aspect = random.choice(['none', 'crop', 'pad'] as const);
  const shuffle = on();
  return {
    globalSeed: seed,
    directory: lossless,
    dataset: {
      ...random.choice<DatasetOptions>([
        {},
        { labels: null },
        { labelMode: null },
        { labelMode: 'categorical' },
        { classNames: ['b', '9', 'B'], colorMode: 'rgba' },
      ]),
      batchSize: random.choice([1, 3, 8, null]),
      imageSize: random.choice([
        [9, 14],
        [40, 31],
        [20, 20],
      ] as const),
      interpolation: random.choice(['bilinear', 'bilinear', 'nearest'] as const),
      cropToAspectRatio: aspect === 'crop',
      padToAspectRatio: aspect === 'pad',
      followLinks: on(),
      shuffle,
      seed: splits || random.random() < 0.5 ? seed : null,
      ...(splits
        ? { validationSplit: 0.3, subset: random.choice(['training', 'validation', 'both'] as const) }
        : {}),
    },
  };
}

async function runDataset({ globalSeed, directory, dataset }: DatasetRequest): Promise<DatasetResult> {
  let printed = '';
  setRandomSeed(globalSeed);
  const made = imageDatasetFromDirectory(directory, {
    ...(dataset as DatasetOptions & { subset: 'both' }),
    print: (text) => {
      printed += text;
    },
  });
  const datasets = Array.isArray(made) ? made : [made];
  const passes: Packed[][][] = datasets.map(() => []);
  if (!dataset.shuffle)
    for (const [i, part] of datasets.entries())
      for await (const batch of part) passes[i]!.push(batch.map((array) => pack(array!)));
  return {
    printed,
    classNames: datasets[0]!.classNames as string[] | null,
    filePaths: datasets.map(({ filePaths }) => [...filePaths]),
    lengths: datasets.map(({ length }) => length),
    passes,
  };
}

test.serial('60 random datasets: the files, the split and, unshuffled, the batches', async (t) => {
  const requests = Array.from({ length: 60 }, (_, seed) => datasetRequest(seed));
  const expected = await askKeras<DatasetResult[]>(requests);
  const shapes = ({ passes, ...rest }: DatasetResult) => ({
    ...rest,
    passes: passes.map((batches) => batches.map((batch) => batch.map(({ dims }) => dims))),
  });
  for (const [seed, request] of requests.entries()) {
    const result = await runDataset(request);
    t.deepEqual(shapes(result), shapes(expected[seed]!), `seed ${seed}`);
    const flat = ({ passes }: DatasetResult) => passes.flat(2);
    for (const [i, array] of flat(expected[seed]!).entries())
      assertClose(t, unpack(flat(result)[i]!), unpack(array), {
        label: `seed ${seed}, array ${i}`,
        relative: 0,
        absolute: 1e-3,
      });
  }
});

const photos = ['trashnet-mini', 'orl-faces'].map((name) => join('..', 'shared', 'datasets', name, 'train'));

test.serial('real photos: the article’s generators, plain and changed', async (t) => {
  const present = photos.filter((path) => existsSync(path));
  if (present.length === 0) {
    t.log(`skipped: there is no ${photos.join(' or ')}`);
    t.pass();
    return;
  }
  const requests = present.flatMap((directory) =>
    [{}, { rotationRange: 20, widthShiftRange: 0.2, zoomRange: 0.2, horizontalFlip: true }].map(
      (generator): Request => ({
        globalSeed: 1,
        generator: { rescale: 1 / 255, ...generator },
        directory,
        flow: { targetSize: [224, 224], batchSize: 8, seed: 42 },
        batches: 2,
      }),
    ),
  );
  const expected = await askKeras<Result[]>(requests);
  for (const [i, request] of requests.entries()) {
    const result = await runGenerator(request);
    t.deepEqual(withoutPixels(result), withoutPixels(expected[i]!));
    for (const [k, batch] of expected[i]!.batches.entries())
      assertClose(t, unpack(result.batches[k]![0]!), unpack(batch[0]!), {
        label: `${request.directory}, batch ${k}`,
        relative: 0,
        absolute: 1e-3 / 255,
      });
  }
});

test.serial('fit takes the batches that Keras’s fit takes', async (t) => {
  const requests = Array.from({ length: 12 }, (_, seed) => ({
    globalSeed: seed,
    count: 5 + 3 * seed,
    epochs: 3,
    shuffle: seed % 3 > 0,
    flow: { batchSize: 4, seed: seed % 2 ? seed : null, shuffle: seed % 4 > 0 },
  }));
  const expected = await askKeras<number[][][][]>(requests);
  for (const [i, { globalSeed, count, epochs, shuffle, flow }] of requests.entries()) {
    const x = float32(new Float32Array(count * 12), [count, 2, 2, 3]);
    const y = float32(Float32Array.from({ length: count }, (_, k) => k));
    setRandomSeed(globalSeed);
    const generator = new ImageDataGenerator({ rotationRange: 10 });
    const adapter = new PyDatasetAdapter(generator.flow(x, y, flow), { shuffle });
    const passes: number[][][] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const labels: number[][] = [];
      for await (const batch of adapter.pass()) labels.push([...(batch[1]!.data as Float32Array)]);
      passes.push(labels);
    }
    t.deepEqual(passes, expected[i], `seed ${globalSeed}`);
  }
});
