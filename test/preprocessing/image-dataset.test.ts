import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { float32, tensor } from '../../src/graph/tensor.js';
import { interpolate } from '../../src/images/resample/interpolate.js';
import {
  type DatasetOptions,
  type ImageDataset,
  imageDatasetFromDirectory,
} from '../../src/keras/preprocessing/index.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/preprocessing.json', import.meta.url), 'utf8'),
) as { files: string[]; dataset: { printed: string; classNames: string[]; filePaths: string[][] } };

const folder = mkdtempSync(join(tmpdir(), 'dataset-'));
test.after.always(() => rmSync(folder, { recursive: true }));
test.before(async () => {
  for (const [level, file] of golden.files.entries()) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    const background = { r: level, g: level, b: level };
    writeFileSync(
      path,
      await sharp({ create: { width: 3, height: 2, channels: 3, background } })
        .png()
        .toBuffer(),
    );
  }
});

/** The pictures' levels in the order of a pass, which tell the files apart, and their labels. */
async function onePass(dataset: ImageDataset): Promise<{ levels: number[]; labels: number[] }> {
  const levels: number[] = [];
  const labels: number[] = [];
  for await (const [x, y] of dataset) {
    levels.push(...x.data.filter((_, i) => i % 3 === 0));
    labels.push(...Array.from(y?.data ?? [], Number));
  }
  return { levels, labels };
}

const quiet = { imageSize: [1, 1], print: () => {} } as const satisfies DatasetOptions;

test('files, their shuffle and the split are those of Keras', (t) => {
  let printed = '';
  const parts = imageDatasetFromDirectory(folder, {
    seed: 5,
    validationSplit: 0.3,
    subset: 'both',
    print: (text) => {
      printed += text;
    },
  });
  t.deepEqual(
    {
      printed,
      classNames: parts[0].classNames,
      filePaths: parts.map(({ filePaths }) => filePaths.map((path) => path.slice(folder.length + 1))),
    },
    golden.dataset as never,
  );
});

test('each pass has an order of its own, which the seed repeats; labels stay with their pictures', async (t) => {
  const make = () => imageDatasetFromDirectory(folder, { ...quiet, seed: 3, batchSize: 4 });
  const [dataset, again] = [make(), make()];
  const [first, second] = [await onePass(dataset), await onePass(dataset)];
  t.notDeepEqual(first, second);
  t.deepEqual([await onePass(again), await onePass(again)], [first, second]);
  const pairs = ({ levels, labels }: typeof first) =>
    levels.map((level, i) => [level, labels[i]!] as const).sort(([a], [b]) => a - b);
  const classes = dataset.classNames!;
  t.deepEqual(
    pairs(first),
    golden.files.flatMap((file, level) =>
      /\.(png|bmp)$/i.test(file) ? [[level, classes.indexOf(file.split('/')[0]!)] as const] : [],
    ),
  );
  t.deepEqual(pairs(second), pairs(first));
});

test('labels come as asked for', async (t) => {
  const batchOf = async (options: DatasetOptions) => {
    const dataset = imageDatasetFromDirectory(folder, {
      ...quiet,
      shuffle: false,
      batchSize: 2,
      classNames: ['10', 'B'],
      ...options,
    } as DatasetOptions & { subset: null });
    for await (const batch of dataset) return batch;
    throw new Error('no batch');
  };
  const x = float32([12, 12, 12, 7, 7, 7], [2, 1, 1, 3]);
  t.deepEqual(await batchOf({}), [x, tensor('int32', Int32Array.of(0, 1), [2])]);
  t.deepEqual(await batchOf({ labelMode: 'categorical' }), [x, float32([1, 0, 0, 1], [2, 2])]);
  t.deepEqual(await batchOf({ labelMode: 'binary' }), [x, float32([0, 1], [2, 1])]);
  t.deepEqual(await batchOf({ batchSize: null }), [
    float32([12, 12, 12], [1, 1, 3]),
    tensor('int32', Int32Array.of(0), []),
  ]);
  t.deepEqual(await batchOf({ labels: null, classNames: null, colorMode: 'grayscale' }), [
    float32([12, 16], [2, 1, 1, 1]),
  ]);
});

test('tall and wide pictures are cropped about their middle, or padded on both sides', async (t) => {
  const own = mkdtempSync(join(tmpdir(), 'dataset-'));
  t.teardown(() => rmSync(own, { recursive: true }));
  const strip = Uint8Array.of(10, 20, 30, 40, 50, 60);
  for (const [name, width, height] of [
    ['tall', 1, 6],
    ['wide', 6, 1],
  ] as const) {
    mkdirSync(join(own, name));
    const png = sharp(strip, { raw: { width, height, channels: 1 } }).png();
    writeFileSync(join(own, name, 'strip.png'), await png.toBuffer());
  }
  const levelsOf = async (options: DatasetOptions) => {
    const dataset = imageDatasetFromDirectory(own, {
      ...quiet,
      shuffle: false,
      colorMode: 'grayscale',
      interpolation: 'nearest',
      ...options,
    } as DatasetOptions & { subset: null });
    for await (const [x] of dataset) return [...x.data];
    throw new Error('no batch');
  };
  // The tall one, then the wide one. Of two middles it is the first, as in Keras.
  t.deepEqual(await levelsOf({ imageSize: [1, 1], cropToAspectRatio: true }), [30, 30]);
  t.deepEqual(await levelsOf({ imageSize: [2, 1], cropToAspectRatio: true }), [30, 40, 30, 30]);
  t.deepEqual(await levelsOf({ imageSize: [1, 2], cropToAspectRatio: true }), [30, 30, 30, 40]);
  const column = [...strip].flatMap((level) => [0, 0, level, 0, 0, 0]);
  const row = [...new Array(12).fill(0), ...strip, ...new Array(18).fill(0)];
  t.deepEqual(await levelsOf({ imageSize: [6, 6], padToAspectRatio: true }), [...column, ...row]);
});

test('bilinear reads two pixels a side, between their centres, and keeps fractions', (t) => {
  const image = { width: 4, height: 1, channels: 1, data: Uint8Array.of(0, 10, 20, 100) } as const;
  t.deepEqual([...interpolate(image, [1, 2], 'bilinear')], [5, 60]);
  t.deepEqual([...interpolate(image, [1, 8], 'bilinear')], [0, 2.5, 7.5, 12.5, 17.5, 40, 80, 100]);
  t.deepEqual([...interpolate(image, [1, 2], 'nearest')], [10, 100]);
});

test('options that contradict each other are refused', (t) => {
  const cases: [options: DatasetOptions, message: string][] = [
    [{ subset: 'training' }, 'If `subset` is set, `validationSplit` must be set, and inversely.'],
    [
      { subset: 'training', validationSplit: 0.5 },
      'If using `validationSplit` and shuffling the data, you must provide a `seed` argument, to make sure that there is no overlap between the training and validation subset.',
    ],
    [
      { subset: 'training', validationSplit: 2, seed: 1 },
      '`validationSplit` must be between 0 and 1, received: 2',
    ],
    [
      { labelMode: 'binary' },
      "When passing `labelMode: 'binary'`, there must be exactly 2 classNames. Received: 10,9,B,b",
    ],
    [
      { classNames: ['c'] },
      'The `classNames` passed did not match the names of the subdirectories of the target directory. Expected: 10,9,B,b (or a subset of it), but received: classNames=c',
    ],
    [
      { labels: [1] },
      `Expected the lengths of \`labels\` to match the number of files in the target directory. labels.length is 1 while we found 15 files in directory ${folder}.`,
    ],
    [
      { interpolation: 'area' as never },
      "Argument `interpolation` should be 'bilinear' or 'nearest'. Received: interpolation=area",
    ],
    [
      { subset: 'training', validationSplit: 0.01, seed: 1 },
      `No images found in directory ${folder}. Allowed formats: .bmp, .gif, .jpeg, .jpg, .png`,
    ],
  ];
  for (const [options, message] of cases)
    t.throws(
      () => imageDatasetFromDirectory(folder, { ...quiet, ...options } as typeof options & { subset: null }),
      {
        name: 'ValueError',
        message,
      },
    );
});
