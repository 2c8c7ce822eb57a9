/** The training pictures that an answer is owed to. */
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { strFromU8, unzipSync } from 'fflate';
import sharp from 'sharp';
import { halvesToFloats } from '../../src/graph/half.js';
import { decodeNpy } from '../../src/transfer/features/npy.js';
import { run } from './command.js';
import { drawPatterns } from './pictures.js';

const test = anyTest as TestFn<{ room: string; train: string[] }>;
const picture = 'photos/rings/1.jpg';

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-why-'));
  await drawPatterns(join(room, 'photos'), 4, 1);
  const train = ['train', '--train', 'photos', '--out', 'out', '--cache', 'cache', '--views', '1'];
  train.push('--crop', 'none', '--head', 'logistic', '--folds', '0', '--no-report', '--provider', 'cpu');
  const { code, stderr } = await run('ort-transfer', [...train, '--neighbours'], { cwd: room });
  t.is(code, 0, stderr);
  t.regex(stderr, /out\/model\.neighbours\.npz: [\d.]+ MB of .* Keep it as carefully as the pictures\.\n/);
  t.context = { room, train };
});

test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

const predict = ({ room }: { room: string }, ...args: string[]) =>
  run('ort-predict', [picture, '--model', 'out/model.onnx', '--provider', 'cpu', ...args], { cwd: room });

test.serial(
  'the file has an embedding of length 1, a path and a label for each training picture',
  async (t) => {
    const files = unzipSync(await readFile(join(t.context.room, 'out/model.neighbours.npz')));
    const { dims, data } = decodeNpy(files['embeddings.npy']!);
    t.deepEqual(dims, [12, 1024]);
    const rows = halvesToFloats(data as Uint16Array);
    for (let i = 0; i < 12; i++) {
      const length = Math.hypot(...rows.subarray(1024 * i, 1024 * (i + 1)));
      t.true(Math.abs(length - 1) < 1e-3, `${length}`);
    }
    const { pictures } = JSON.parse(strFromU8(files['pictures.json']!));
    t.is(pictures.length, 12);
    t.deepEqual(pictures[0], { path: '../photos/checks/0.jpg', label: 'checks' });
  },
);

test.serial(
  '--why names the three nearest, itself first, in words, in JSON and below the labelled copy',
  async (t) => {
    const json = await predict(t.context, '--why', '--json');
    t.is(json.code, 0, json.stderr);
    const [{ neighbours, predictions }] = JSON.parse(json.stdout);
    t.deepEqual(neighbours[0], { path: picture, label: 'rings', similarity: neighbours[0].similarity });
    t.true(Math.abs(neighbours[0].similarity - 1) < 1e-3, `${neighbours[0].similarity}`);
    t.deepEqual(
      neighbours.map(({ label }: { label: string }) => label),
      ['rings', 'rings', 'rings'],
    );
    const order = neighbours.map(({ similarity }: { similarity: number }) => similarity);
    t.deepEqual(
      order,
      [...order].sort((a, b) => b - a),
    );
    const plain = JSON.parse((await predict(t.context, '--json')).stdout);
    t.deepEqual([plain[0].predictions, plain[0].neighbours], [predictions, undefined]);

    const words = await predict(t.context, '--why', '--top', '1', '--save', 'drawn');
    const lines = words.stdout.trimEnd().split('\n');
    t.regex(lines[0]!, /^photos\/rings\/1\.jpg: rings [\d.]+%$/);
    t.is(lines[1], `  like ${picture}: rings (${order[0].toFixed(3)})`);
    t.is(lines.length, 4);
    const { width = 0, height = 0 } = await sharp(join(t.context.room, 'drawn/1.jpg')).metadata();
    await predict(t.context, '--top', '1', '--save', 'bare');
    const bare = await sharp(join(t.context.room, 'bare/1.jpg')).metadata();
    // Three squares side by side, with a line of words and gaps.
    t.deepEqual([width, height - (bare.height ?? 0)], [bare.width, Math.floor((width - 32) / 3) + 40]);
    const top = bare.height ?? 0;
    const { channels } = await sharp(join(t.context.room, 'drawn/1.jpg'))
      .extract({ left: 0, top, width, height: height - top })
      .stats();
    t.true(
      channels.every(({ max }) => max > 120),
      'pictures are drawn there',
    );
  },
);

test.serial('a neighbour that is gone is named all the same', async (t) => {
  const { room } = t.context;
  await rename(join(room, 'photos/rings/0.jpg'), join(room, 'elsewhere.jpg'));
  const { code, stdout, stderr } = await predict(t.context, '--why', '--save', 'drawn');
  await rename(join(room, 'elsewhere.jpg'), join(room, 'photos/rings/0.jpg'));
  t.is(code, 0, stderr);
  t.true(stdout.includes('  like photos/rings/0.jpg: rings ('), stdout);
});

test.serial('neighbours of another backbone, or damaged ones, are refused', async (t) => {
  const file = join(t.context.room, 'out/model.neighbours.npz');
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, whole.length / 2));
  const damaged = await predict(t.context, '--why');
  t.not(damaged.code, 0);
  t.regex(
    damaged.stderr,
    /Expected neighbours as training writes them\. Received: out\/model\.neighbours\.npz, which is damaged/,
  );
  const args = [...t.context.train, '--out', 'center', '--crop', 'center', '--neighbours'].filter(
    (arg, i, all) =>
      !(['--out', '--crop'].includes(arg) && all.indexOf(arg) === i) && !['out', 'none'].includes(arg),
  );
  const { code, stderr } = await run('ort-transfer', args, { cwd: t.context.room });
  t.is(code, 0, stderr);
  await writeFile(file, await readFile(join(t.context.room, 'center/model.neighbours.npz')));
  const other = await predict(t.context, '--why');
  await writeFile(file, whole);
  t.not(other.code, 0);
  t.regex(
    other.stderr,
    /Received: one of another backbone or preprocessing\. Hint: train again with --neighbours\./,
  );
});

test.serial('without --neighbours none are kept, and --why says what to type', async (t) => {
  const { room, train } = t.context;
  const { code, stderr } = await run('ort-transfer', train, { cwd: room });
  t.is(code, 0, stderr);
  t.deepEqual((await readdir(join(room, 'out'))).sort(), ['history.json', 'model.onnx']);
  const why = await predict(t.context, '--why');
  t.not(why.code, 0);
  t.true(
    why.stderr.includes(
      "Expected out/model.neighbours.npz, the training pictures to compare with. Received: no such file, as training writes it only where it is asked to. Hint: 'ort-transfer train --train DIR --neighbours' with the other options as they were; the file holds personal data where the pictures show people.",
    ),
    why.stderr,
  );
  const keras = await run(
    'ort-transfer',
    [...train, '--neighbours'].map((arg) =>
      arg === 'out' ? 'm.keras' : arg === 'logistic' ? 'article' : arg,
    ),
    { cwd: room },
  );
  t.not(keras.code, 0);
  t.regex(keras.stderr, /Expected --neighbours with an \.onnx model/);
});
