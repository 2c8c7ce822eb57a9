import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import sharp from 'sharp';
import { readMetadata } from '../../src/classifier/metadata.js';
import { float32 } from '../../src/graph/tensor.js';
import { loadModel } from '../../src/keras/saving/index.js';
import { importOnnx } from '../../src/transfer/convert/onnx-to-layers.js';
import { run } from './command.js';
import { drawPatterns, patternNames } from './pictures.js';

const test = anyTest as TestFn<{ room: string; cache: string; out: string }>;
const quick = [
  ...['--epochs', '6', '--views', '4', '--hidden', '64', '--head', 'article'],
  ...['--crop', 'none', '--provider', 'cpu'],
];

/** Trains once for all tests: from folders of pictures to a model. */
test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-cli-'));
  await drawPatterns(join(room, 'train'), 8, 1);
  await drawPatterns(join(room, 'test'), 4, 2);
  t.context = { room, cache: join(room, 'cache'), out: join(room, 'out') };
  const { code, stderr } = await train(t.context, t.context.out);
  t.is(code, 0, stderr);
});

test.after.always(async ({ context: { room } }) => {
  await rm(room, { recursive: true, force: true });
});

const train = ({ room, cache }: { room: string; cache: string }, out: string, ...more: string[]) =>
  run('ort-transfer', [
    ...['train', '--train', join(room, 'train'), '--validation', join(room, 'test')],
    ...['--cache', cache, '--out', out, ...quick, ...more],
  ]);

test('train writes a model that says what it is, and its history', async (t) => {
  const { out } = t.context;
  t.deepEqual((await readdir(out)).sort(), ['history.csv', 'history.json', 'model.onnx', 'report.html']);
  const { labels, preprocessing, backbone, metrics, licences } = readMetadata(
    await readFile(join(out, 'model.onnx')),
  );
  t.deepEqual(labels, patternNames);
  t.deepEqual(preprocessing, {
    size: [224, 224],
    crop: 'none',
    noFace: 'whole',
    exif: true,
    channels: 'BGR',
    mean: [103.939, 116.779, 123.68],
    scale: 1,
  });
  t.is(backbone?.weights, 'vggface2');
  t.regex(backbone?.sha256 ?? '', /^[0-9a-f]{64}$/);
  t.is(metrics?.samples, 12);
  t.true((licences ?? []).length > 0);

  const csv = (await readFile(join(out, 'history.csv'), 'utf8')).trim().split('\r\n');
  t.is(csv[0], 'epoch,accuracy,loss,val_accuracy,val_loss');
  t.is(csv.length, 7);
  const { history, evaluation } = JSON.parse(await readFile(join(out, 'history.json'), 'utf8'));
  t.is(history.val_accuracy.length, 6);
  t.is(evaluation.accuracy, metrics?.accuracy);
});

test('the same seed gives the same model, byte for byte, from cached features and from new ones', async (t) => {
  const { room, cache, out } = t.context;
  const model = await readFile(join(out, 'model.onnx'));
  const again = await train({ room, cache }, join(room, 'again'));
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /Extracting features 24\/24.*\(24 cached\)/);
  t.true(model.equals(await readFile(join(room, 'again/model.onnx'))));
  const anew = await train({ room, cache: join(room, 'other-cache') }, join(room, 'anew'));
  t.is(anew.code, 0, anew.stderr);
  t.notRegex(anew.stderr, /cached/);
  t.true(model.equals(await readFile(join(room, 'anew/model.onnx'))));
  const other = await train({ room, cache }, join(room, 'other'), '--seed', '1');
  t.is(other.code, 0, other.stderr);
  t.false(model.equals(await readFile(join(room, 'other/model.onnx'))));
});

test('train writes the file of Keras that --out names, with all that training goes on from', async (t) => {
  const { room, cache, out } = t.context;
  const path = join(room, 'keras/model.h5');
  const { code, stdout, stderr } = await train({ room, cache }, path);
  t.is(code, 0, stderr);
  t.true(stdout.startsWith(`${path}: `), stdout);
  t.true(
    stderr.includes(`224 × 224 pixels, BGR`) && stderr.includes(`Classes: ${patternNames.join(', ')}\n`),
  );
  t.deepEqual((await readdir(join(room, 'keras'))).sort(), [
    ...['history.csv', 'history.json', 'model.h5', 'report.html'],
  ]);

  const model = await loadModel(path);
  const { model: expected } = importOnnx(await readFile(join(out, 'model.onnx')));
  const x = float32(
    Float32Array.from({ length: 224 * 224 * 3 }, (_, i) => 100 * Math.sin(i)),
    [1, 224, 224, 3],
  );
  t.deepEqual(await model.predict(x, { verbose: 0 }), await expected.predict(x, { verbose: 0 }));
  const { optimizer, trainableWeights } = model;
  t.deepEqual(
    trainableWeights.map(({ shape }) => shape),
    [[1024, 64], [64], [64, 3], [3]],
  );
  t.is(optimizer.iterations, 36);
  for (const weight of trainableWeights)
    t.true(optimizer.slot(weight, 'velocity').some((value) => value > 0));
});

test('evaluate measures the exported model as training did', async (t) => {
  const { room, out } = t.context;
  const { stdout, code } = await run('ort-transfer', [
    ...['evaluate', join(room, 'test'), '--model', join(out, 'model.onnx'), '--json'],
  ]);
  t.is(code, 0);
  const { samples, loss, accuracy, classes, confusion } = JSON.parse(stdout);
  const { evaluation } = JSON.parse(await readFile(join(out, 'history.json'), 'utf8'));
  t.is(samples, 12);
  t.is(accuracy, evaluation.accuracy);
  t.true(Math.abs(loss - evaluation.loss) < 1e-4);
  t.true(accuracy >= 0.9, `the patterns are easy to tell apart, but accuracy is ${accuracy}`);
  t.deepEqual(confusion, evaluation.confusion);
  t.deepEqual(
    classes.map(({ label, support }: { label: string; support: number }) => [label, support]),
    patternNames.map((name) => [name, 4]),
  );
});

test('predict answers in the order of its arguments, broken files included, and exits with 1', async (t) => {
  const { room, out } = t.context;
  const broken = join(room, 'broken.jpg');
  await writeFile(broken, '<html>not a picture</html>');
  const files = [
    join(room, 'test/rings/0.jpg'),
    broken,
    join(room, 'nowhere.jpg'),
    join(room, 'test/checks/1.jpg'),
  ];
  const { code, stdout } = await run('ort-predict', [
    ...files,
    '--model',
    join(out, 'model.onnx'),
    '--json',
    '--top',
    '2',
  ]);
  t.is(code, 1);
  const entries = JSON.parse(stdout);
  t.deepEqual(
    entries.map(({ file }: { file: string }) => file),
    files,
  );
  t.deepEqual(
    entries.map(
      ({ predictions }: { predictions: { label: string }[] }) => predictions.map(({ label }) => label)[0],
    ),
    ['rings', undefined, undefined, 'checks'],
  );
  t.is(entries[0].predictions.length, 2);
  t.deepEqual(Object.keys(entries[0]), ['file', 'predictions', 'known', 'familiarity']);
  t.is(entries[0].known, true);
  t.regex(entries[1].error, /^Expected a picture\. Received: /);
  t.is(entries[2].error, 'Expected a picture. Received: no such file.');
});

test('predict takes a folder, prints a line a picture and exits with 0', async (t) => {
  const { room, out } = t.context;
  const { code, stdout } = await run('ort-predict', [
    ...[join(room, 'test/stripes'), '--model', join(out, 'model.onnx'), '--top', '1'],
  ]);
  t.is(code, 0);
  const lines = stdout.trim().split('\n');
  t.is(lines.length, 4);
  for (const [i, line] of lines.entries())
    t.true(line.startsWith(`${join(room, `test/stripes/${i}.jpg`)}: stripes `), line);
});

test('predict --save draws a black border above and to the right, and the label in red', async (t) => {
  const { room, out } = t.context;
  const save = join(room, 'labelled');
  const source = join(room, 'test/rings/0.jpg');
  const { code, stderr } = await run('ort-predict', [
    source,
    '--model',
    join(out, 'model.onnx'),
    '--save',
    save,
  ]);
  t.is(code, 0, stderr);
  const { data, info } = await sharp(join(save, '0.jpg')).raw().toBuffer({ resolveWithObject: true });
  const original = await sharp(source).raw().toBuffer();
  t.true(info.width > 160 && info.height > 120);
  const border = info.height - 120;
  const at = (x: number, y: number) =>
    Array.from(data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3));
  t.true(Math.max(...at(info.width - 1, info.height - 1)) < 30, 'the right border is black');
  let red = 0;
  for (let y = 0; y < border; y++)
    for (let x = 0; x < info.width; x++) {
      const [r, g, b] = at(x, y) as [number, number, number];
      if (r > 150 && g < 90 && b < 90) red++;
    }
  t.true(red > 50, `${red} red pixels`);
  let difference = 0;
  for (let y = 0; y < 120; y++)
    for (let x = 0; x < 160; x++)
      for (let c = 0; c < 3; c++)
        difference += Math.abs(at(x, y + border)[c]! - original[3 * (y * 160 + x) + c]!);
  t.true(difference / (160 * 120 * 3) < 6, 'the picture itself stays as it was, but for JPEG');
});

test('broken pictures are skipped with a reason each and counted; --strict stops at them', async (t) => {
  const { room, cache } = t.context;
  const folder = join(room, 'partly-broken');
  await cp(join(room, 'train'), folder, { recursive: true });
  await truncate(join(folder, 'rings/3.jpg'), 900);
  await writeFile(join(folder, 'checks/empty.png'), '');
  await mkdir(join(folder, 'nothing'));
  await writeFile(join(folder, 'rings/notes.txt'), 'not meant to be a picture');
  await symlink('nowhere.jpg', join(folder, 'rings/link.jpg'));
  await writeFile(join(folder, 'rings/.DS_Store'), '');
  const args = ['train', '--train', folder, '--cache', cache, '--out', join(room, 'partly'), ...quick];
  const { code, stderr } = await run('ort-transfer', args);
  t.is(code, 0, stderr);
  t.regex(stderr, /warning: Skipped .*rings\/3\.jpg: Expected a whole picture\. Received: /);
  t.regex(stderr, /warning: Skipped .*checks\/empty\.png: Expected a picture\. Received: /);
  t.regex(stderr, /warning: 2 pictures skipped\./);
  t.regex(stderr, /warning: Passed over .*rings\/notes\.txt: \.txt is not the extension of a picture/);
  t.notRegex(stderr, /DS_Store/);
  t.regex(stderr, /warning: The class 'nothing' has no pictures and is left out\./);
  const { skipped } = JSON.parse(await readFile(join(room, 'partly/history.json'), 'utf8'));
  t.deepEqual(
    skipped.map(({ path }: { path: string }) => path),
    ['rings/link.jpg', 'rings/notes.txt', 'checks/empty.png', 'rings/3.jpg'].map((path) =>
      join(folder, path),
    ),
  );

  const stricter = await run('ort-transfer', [...args, '--strict']);
  t.is(stricter.code, 1);
  t.regex(stricter.stderr, /Received: 2 that are not, the first .*link\.jpg: a link that leads nowhere\n$/);
  await rm(join(folder, 'rings/link.jpg'));
  await rm(join(folder, 'rings/notes.txt'));
  const strict = await run('ort-transfer', [...args, '--strict']);
  t.is(strict.code, 1);
  t.regex(strict.stderr, /error: Expected every picture to be usable\. Received: 2 that are not, the first /);
});

test('features are written as NumPy reads them, with a manifest', async (t) => {
  const { room, cache } = t.context;
  const out = join(room, 'features');
  const { code, stdout, stderr } = await run('ort-transfer', [
    ...['features', join(room, 'test'), '--crop', 'none', '--cache', cache, '--out', out],
  ]);
  t.is(code, 0, stderr);
  t.is(stdout, `${out}/features.npy: 12 × 1024, 0 photos skipped\n`);
  t.deepEqual((await readdir(out)).sort(), ['features.npy', 'labels.npy', 'manifest.json']);
  const { classes, shape, pictures } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
  t.deepEqual(classes, patternNames);
  t.deepEqual(shape, [12, 1024]);
  t.is(pictures.length, 12);
});

test('export writes a checked copy; a truncated model is refused', async (t) => {
  const { room, out } = t.context;
  const copy = join(room, 'site/model.onnx');
  const good = await run('ort-transfer', ['export', '--model', join(out, 'model.onnx'), '--out', copy]);
  t.is(good.code, 0, good.stderr);
  const bytes = await readFile(copy);
  t.true(bytes.equals(await readFile(join(out, 'model.onnx'))));
  const cut = join(room, 'cut.onnx');
  await writeFile(cut, bytes.subarray(0, bytes.length / 2));
  for (const [name, args] of [
    ['ort-transfer', ['export', '--model', cut, '--out', join(room, 'site/cut.onnx')]],
    ['ort-predict', [join(room, 'test/rings/0.jpg'), '--model', cut]],
  ] as const) {
    const { code, stderr } = await run(name, args);
    t.is(code, 1);
    t.regex(stderr, /^error: Expected /);
    t.notRegex(stderr, /\n {4}at /);
  }
});
