/** Pictures of other things, and how sure answers are, through the commands. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import sharp from 'sharp';
import { readMetadata } from '../../src/classifier/metadata.js';
import { float32 } from '../../src/graph/tensor.js';
import { loadModel } from '../../src/keras/saving/index.js';
import { importOnnx } from '../../src/transfer/convert/onnx-to-layers.js';
import { assertClose } from '../compare.js';
import { run } from './command.js';
import { drawPatterns, patternNames } from './pictures.js';

const test = anyTest as TestFn<{ room: string; stdout: string }>;
const quick = ['--epochs', '4', '--views', '2', '--hidden', '32', '--crop', 'none', '--provider', 'cpu'];

/** Trains once for all tests, on enough pictures for both heads, with a folder of strangers. */
test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-strangers-'));
  await drawPatterns(join(room, 'train'), 12, 1);
  await drawPatterns(join(room, 'test'), 3, 2);
  await drawDiscs(join(room, 'strangers'), 6, 1);
  await drawDiscs(join(room, 'others'), 3, 9);
  const { code, stdout, stderr } = await run('ort-transfer', [
    ...['train', '--train', join(room, 'train'), '--cache', join(room, 'cache'), '--out', join(room, 'out')],
    ...['--strangers', join(room, 'strangers'), ...quick],
  ]);
  t.is(code, 0, stderr);
  t.context = { room, stdout };
});

test.after.always(async ({ context: { room } }) => {
  await rm(room, { recursive: true, force: true });
});

/** Discs on dark ground, unlike any of the patterns. */
async function drawDiscs(folder: string, count: number, seed: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [width, height] = [160, 120];
  for (let i = 0; i < count; i++) {
    const [x0, radius] = [40 + ((seed + 3 * i) % 8) * 10, 20 + ((seed + i) % 4) * 6];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
      return Math.hypot(x - x0, y - 60) < radius ? 220 - 40 * (at % 3) : 20;
    });
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(folder, `${i}.png`));
  }
}

const predict = async ({ room }: { room: string }, paths: string[], ...more: string[]) => {
  const { code, stdout, stderr } = await run('ort-predict', [
    ...paths.map((path) => join(room, path)),
    ...['--model', join(room, 'out/model.onnx'), ...more],
  ]);
  return { code, stdout, stderr };
};

test('train tells the accuracy on pictures left out, the share of time that took, and how well strangers are told', (t) => {
  const [model, accuracy, ...rest] = t.context.stdout.trimEnd().split('\n');
  t.regex(model!, /model\.onnx: [\d.]+ MB, dense layers \(epoch 4\) and logistic regression$/);
  t.regex(
    accuracy!,
    /^accuracy [\d.]+%, loss [\d.]+ \(36 photos, left out in turn, 3 folds, \d+% of the time\)$/,
  );
  t.regex(
    rest.at(-1)!,
    /^strangers: AUROC [01]\.\d{3}; [\d.]+% of them pass for known, [\d.]+% of known photos for strangers$/,
  );
});

test('the model says what it was measured on and when a picture is known; the history says the same', async (t) => {
  const { room } = t.context;
  const { metrics, strangers } = readMetadata(await readFile(join(room, 'out/model.onnx')));
  const history = JSON.parse(await readFile(join(room, 'out/history.json'), 'utf8'));
  t.is(metrics?.samples, 36);
  t.is(metrics?.accuracy, history.evaluation.accuracy);
  t.is(strangers?.mode, 'far');
  t.is(strangers?.threshold, history.unknown.threshold);
  t.is(strangers?.quantiles.length, 101);
  // The strangers are all less familiar than any known picture, so that nothing known need be turned away.
  const [least = Number.NaN] = strangers?.quantiles ?? [];
  assertClose(t, [strangers?.threshold ?? Number.NaN], [least], { label: 'threshold' });
  t.is(history.unknown.scores.falseRejection, 0);
  t.is(history.unknown.scores.falseAcceptance, 0);
  t.deepEqual(history.head, ['dense', 'logistic']);
});

test('strangers are unknown, known pictures are not, in words and in JSON', async (t) => {
  const { stdout } = await predict(t.context, ['test/rings', 'test/stripes', 'others']);
  const lines = stdout.trimEnd().split('\n');
  t.is(lines.length, 9);
  for (const line of lines) {
    const isOther = line.includes('others/');
    t.is(/: unknown, nearest /.test(line), isOther, line);
  }
  const entries = JSON.parse(
    (await predict(t.context, ['test/rings/0.jpg', 'others/0.png'], '--json')).stdout,
  );
  t.deepEqual(
    entries.map(({ known }: { known: boolean }) => known),
    [true, false],
  );
  for (const { familiarity } of entries) t.true(familiarity > -1 && familiarity < 1);
  t.true(entries[0].familiarity > entries[1].familiarity);
  t.is(entries[0].predictions[0].label, 'rings');
});

test('--unknown off and --reject say how much to turn away', async (t) => {
  const off = await predict(t.context, ['others'], '--unknown', 'off');
  t.notRegex(off.stdout, /unknown/);
  const near = await predict(t.context, ['others'], '--unknown', 'near');
  t.not(near.code, 0);
  t.regex(
    near.stderr,
    /Expected a model that was trained to tell near strangers\. Received: one that tells far ones alone\. Hint: 'ort-transfer train --unknown near' makes one\.\n/,
  );
  const most = await predict(t.context, ['test'], '--reject', '0.99');
  t.is(most.stdout.match(/unknown/g)?.length ?? 0, 9, most.stdout);
  const wrong = await predict(t.context, ['others'], '--reject', '1');
  t.is(wrong.code, 2);
  t.is(wrong.stderr.trim().split('\n').at(-1), 'error: Expected --reject from 0 to below 1. Received: 1.');
});

test('evaluate counts the photos that would be called unknown', async (t) => {
  const { room } = t.context;
  const args = ['evaluate', join(room, 'train'), '--model', join(room, 'out/model.onnx')];
  const { stdout } = await run('ort-transfer', [...args, '--json']);
  const { samples, unknown } = JSON.parse(stdout);
  t.is(samples, 36);
  t.true(unknown >= 0 && unknown <= 4, `${unknown}`);
});

test('small exports keep what tells strangers', async (t) => {
  const { room } = t.context;
  for (const precision of ['fp16', 'int8']) {
    const small = join(room, `${precision}.onnx`);
    const { code, stderr } = await run('ort-transfer', [
      ...[
        'export',
        '--model',
        join(room, 'out/model.onnx'),
        '--precision',
        precision,
        '--out',
        small,
        '--explain',
      ],
    ]);
    t.is(code, 0, stderr);
    const paths = [join(room, 'test/rings/0.jpg'), join(room, 'others/0.png')];
    const { stdout } = await run('ort-predict', [...paths, '--model', small, '--json']);
    t.deepEqual(
      JSON.parse(stdout).map(({ known }: { known: boolean }) => known),
      [true, false],
      precision,
    );
  }
});

test('the two heads become layers of Keras, which compute the same', async (t) => {
  const { room } = t.context;
  const path = join(room, 'model.keras');
  const args = ['convert', join(room, 'out/model.onnx'), path];
  const { code, stdout, stderr } = await run('ort-transfer', args);
  t.is(code, 0, stderr);
  const model = await loadModel(path);
  const { model: expected } = importOnnx(await readFile(join(room, 'out/model.onnx')));
  const x = float32(
    Float32Array.from({ length: 224 * 224 * 3 }, (_, i) => 100 * Math.sin(i)),
    [1, 224, 224, 3],
  );
  t.deepEqual(await model.predict(x, { verbose: 0 }), await expected.predict(x, { verbose: 0 }));
  t.regex(stdout + stderr, /nothing that tells strangers/);
});

test('a run with logistic regression alone has no epochs, and leaves no history of epochs', async (t) => {
  const { room } = t.context;
  const out = join(room, 'logistic');
  await mkdir(out);
  await writeFile(join(out, 'history.csv'), 'epoch,loss\r\n0,1\r\n');
  const { code, stdout, stderr } = await run('ort-transfer', [
    ...['train', '--train', join(room, 'train'), '--cache', join(room, 'cache'), '--out', out],
    ...['--head', 'logistic', '--unknown', 'near', ...quick],
  ]);
  t.is(code, 0, stderr);
  t.regex(stdout, /MB, logistic regression\n/);
  t.deepEqual((await readdir(out)).sort(), ['history.json', 'model.onnx', 'report.html']);
  t.is(readMetadata(await readFile(join(out, 'model.onnx'))).strangers?.mode, 'near');
  const files = ['test/rings/0.jpg', 'others/0.png'].map((file) => join(room, file));
  const { stdout: answers } = await run('ort-predict', [
    ...files,
    '--model',
    join(out, 'model.onnx'),
    '--json',
  ]);
  t.deepEqual(
    JSON.parse(answers).map(({ known }: { known: boolean }) => known),
    [true, false],
  );
  const other = await run('ort-predict', [
    ...files,
    '--model',
    join(out, 'model.onnx'),
    '--unknown',
    'far',
    '--json',
  ]);
  t.deepEqual(
    JSON.parse(other.stdout).map(({ known, reason }: { known: boolean; reason?: string }) => [known, reason]),
    [
      [true, undefined],
      [false, 'stranger'],
    ],
  );
  t.deepEqual(patternNames.includes(JSON.parse(answers)[0].predictions[0].label), true);
});

test('heads and formats that do not go together are refused before the work begins', async (t) => {
  const { room } = t.context;
  const { code, stderr } = await run('ort-transfer', [
    ...['train', '--train', join(room, 'train'), '--cache', join(room, 'cache')],
    ...['--head', 'logistic', '--out', join(room, 'no.keras'), ...quick],
  ]);
  t.is(code, 1);
  t.regex(stderr, /Expected `head` 'article' with one of Keras's files/);
  const near = await run('ort-transfer', [
    ...['train', '--train', join(room, 'train'), '--cache', join(room, 'cache')],
    ...['--head', 'article', '--unknown', 'near', '--out', join(room, 'near'), ...quick],
  ]);
  t.is(near.code, 1);
  t.regex(near.stderr, /Expected `unknown` 'far' with `head` 'article'/);
  t.notRegex(stderr, /Extracting/);
});
