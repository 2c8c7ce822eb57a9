import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import test from 'ava';
import sharp from 'sharp';
import { loadModel } from '../../src/keras/models/index.js';
import { drawClasses } from '../models/article.js';

const run = promisify(execFile);
const tool = new URL('../../tools/face-recognition.js', import.meta.url).pathname;

test('the article runs from a folder to a labelled picture', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'article-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const [train, validation, out] = ['train', 'validation', 'out'].map((name) => join(folder, name));
  await drawClasses(train!, { classes: 3, pictures: 12, seed: 1 });
  await drawClasses(validation!, { classes: 3, pictures: 4, seed: 2 });
  const options = '--weights none --alpha 0.25 --size 128 --epochs 2 --batch-size 8 --seed 3'.split(' ');
  const { stderr, ...result } = await run(process.execPath, [
    tool,
    train!,
    validation!,
    ...options,
    '--out',
    out!,
  ]);
  t.is(stderr, '');
  const stdout = stripVTControlCharacters(result.stdout);

  const lines = stdout.split('\n');
  t.deepEqual(
    [0, 1, 2, 3, 84, 85].map((i) => lines[i]),
    [
      '0 InputLayer False',
      '1 Conv2D False',
      '2 BatchNormalization False',
      '3 ReLU False',
      '84 BatchNormalization False',
      '85 ReLU False',
    ],
  );
  t.is(lines[86], 'Model: "functional"');
  t.regex(lines[87]!, /^┏━/);
  const end = lines.indexOf(' Non-trainable params: 218,544 (853.69 KB)');
  t.deepEqual(lines.slice(end + 1, end + 4), [
    'Found 36 images belonging to 3 classes.',
    'Found 12 images belonging to 3 classes.',
    'Epoch 1/2',
  ]);
  // 218,544 of MobileNet; 256 → 1024 → 512 → 512 → 3.
  t.true(stdout.includes(' Total params: 1,270,707 (4.85 MB)'));
  t.true(stdout.includes(' Trainable params: 1,052,163 (4.01 MB)'));
  t.regex(
    stdout,
    /5\/5 .*━{20}.* - accuracy: [\d.]+ - loss: [\d.]+ - val_accuracy: [\d.]+ - val_loss: [\d.]+/,
  );
  t.regex(stdout, /Epoch 1: val_loss improved from None to [\d.]+, saving model to .*face_recognition\.h5/);

  const history = JSON.parse(lines.find((line) => line.startsWith('{'))!);
  t.deepEqual(Object.keys(history), ['accuracy', 'loss', 'val_accuracy', 'val_loss']);
  for (const values of Object.values<number[]>(history)) {
    t.is(values.length, 2);
    t.true(values.every(Number.isFinite));
  }
  t.regex(lines.at(-2)!, /^class 0\/0\.png: class [012]$/);

  const saved = await loadModel(join(out!, 'face_recognition.h5'));
  t.is(saved.countParams(), 1_270_707);
  const { width, height } = await sharp(join(out!, 'face.png')).metadata();
  t.true(width! >= 96 && height! > 96);
});

test('the article says how it is called', async (t) => {
  const error = await t.throwsAsync<Error & { stderr: string; code: number }>(run(process.execPath, [tool]));
  t.is(error!.code, 1);
  t.regex(error!.stderr, /^face-recognition TRAIN VALIDATION \[--weights imagenet/);
});
