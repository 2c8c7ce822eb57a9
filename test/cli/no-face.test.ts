/** Face weights on pictures of other things: the result is poor, and every command says why. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import sharp from 'sharp';
import { readTwentyFaces } from '../faces/pictures.js';
import { run } from './command.js';
import { drawPatterns } from './pictures.js';

const test = anyTest as TestFn<{ room: string; cache: string; train: string[]; stderr: string }>;

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-no-face-'));
  await drawPatterns(join(room, 'photos'), 3, 1);
  const cache = join(room, 'cache');
  const train = ['train', '--train', join(room, 'photos'), '--cache', cache, '--out', join(room, 'out')];
  train.push('--epochs', '2', '--views', '1', '--hidden', '16', '--provider', 'cpu');
  const { code, stderr } = await run('ort-transfer', train);
  t.is(code, 0, stderr);
  t.context = { room, cache, train, stderr };
});

test.after.always(async ({ context: { room } }) => {
  if (room) await rm(room, { recursive: true, force: true });
});

const sentence = (room: string) =>
  `No face was found in 9 of 9 pictures of ${join(room, 'photos')}. Hint: pictures of other things than faces want --weights imagenet.`;

test('train says so, with cached features, too', async (t) => {
  const { room, train, stderr } = t.context;
  t.true(stderr.includes(sentence(room)), stderr);
  const again = await run('ort-transfer', train);
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /9 cached/);
  t.true(again.stderr.includes(sentence(room)), again.stderr);
});

test('features, inspect and evaluate say so', async (t) => {
  const { room, cache } = t.context;
  const photos = join(room, 'photos');
  const features = await run('ort-transfer', [
    ...['features', photos, '--cache', cache, '--out', join(room, 'features')],
  ]);
  t.true(features.stderr.includes(sentence(room)), features.stderr);
  const inspect = await run('ort-transfer', [
    ...['inspect', photos, '--cache', cache, '--out', join(room, 'inspect'), '--views', '1'],
  ]);
  t.true(inspect.stdout.includes(sentence(room)), inspect.stdout + inspect.stderr);
  const model = join(room, 'out/model.onnx');
  const evaluate = await run('ort-transfer', ['evaluate', photos, '--model', model, '--provider', 'cpu']);
  t.is(evaluate.code, 0, evaluate.stderr);
  t.true(evaluate.stderr.includes(sentence(room)), evaluate.stderr);
  t.regex(evaluate.stdout, /\n9 of 9 photos have no face, and would be called so\n/);
});

test('pictures that are skipped for want of a face are counted', async (t) => {
  const { room, cache } = t.context;
  const { code, stderr } = await run('ort-transfer', [
    ...['features', join(room, 'photos'), '--cache', cache, '--out', join(room, 'skipped')],
    ...['--no-face', 'skip'],
  ]);
  t.is(code, 1);
  t.true(stderr.includes(sentence(room)), stderr);
});

test('where faces are not looked for, nothing is said', async (t) => {
  const { room, cache } = t.context;
  for (const [crop, expected] of [
    ['none', false],
    ['face', true],
  ] as const) {
    const { code, stderr } = await run('ort-transfer', [
      ...['features', join(room, 'photos'), '--cache', cache, '--out', join(room, crop), '--crop', crop],
    ]);
    t.is(code, 0, stderr);
    t.is(stderr.includes('No face'), expected, stderr);
  }
});

test('predict marks each answer about a picture without a face, and no other', async (t) => {
  const { room } = t.context;
  const [face] = await readTwentyFaces();
  if (!face) throw new Error('There are no faces.');
  const { data, width, height } = face;
  const [portrait, rings] = [join(room, 'portrait.png'), join(room, 'photos/rings/0.jpg')];
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(portrait);
  const options = [
    '--model',
    join(room, 'out/model.onnx'),
    '--provider',
    'cpu',
    '--top',
    '1',
    '--unknown',
    'off',
  ];
  const lines = await run('ort-predict', [portrait, rings, ...options]);
  t.is(lines.code, 0, lines.stderr);
  const [first, second] = lines.stdout.trim().split('\n');
  t.regex(first ?? '', /portrait\.png: \w+ [\d.]+%$/);
  t.regex(second ?? '', /0\.jpg: \w+ [\d.]+% \(no face found\)$/);

  const json = await run('ort-predict', [portrait, rings, ...options, '--json']);
  const [withFace, without] = JSON.parse(json.stdout);
  t.deepEqual(Object.keys(withFace), ['file', 'predictions', 'box']);
  t.deepEqual(Object.keys(without), ['file', 'predictions', 'face', 'note']);
  t.is(without.face, null);
  t.is(without.note, 'no face found');

  const told = [
    '--model',
    join(room, 'out/model.onnx'),
    '--provider',
    'cpu',
    '--top',
    '1',
    '--reject',
    '0.01',
  ];
  const verdicts = await run('ort-predict', [portrait, rings, ...told]);
  t.regex(verdicts.stdout, /0\.jpg: no face, nearest \w+ [\d.]+%\n$/);
  t.notRegex(verdicts.stdout, /portrait\.png: no face/);
  const [face1, none] = JSON.parse((await run('ort-predict', [portrait, rings, ...told, '--json'])).stdout);
  t.is(face1.reason === 'no face', false);
  t.deepEqual([none.known, none.reason, none.face], [false, 'no face', null]);

  const saved = join(room, 'labelled');
  const drawn = await run('ort-predict', [rings, ...options, '--save', saved]);
  t.is(drawn.code, 0, drawn.stderr);
  const { width: labelled = 0 } = await sharp(await readFile(join(saved, '0.jpg'))).metadata();
  // As wide as the words, which are wider than the picture of 160 pixels and its border.
  t.true(labelled > 200, `${labelled}`);
});
