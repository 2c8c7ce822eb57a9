/** Reports through the commands: what they hold, where they go, and when they are refused. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { run } from './command.js';
import { drawPatterns } from './pictures.js';

const test = anyTest as TestFn<{ room: string; model: string; told: string }>;
const quick = ['--epochs', '2', '--views', '1', '--hidden', '32', '--crop', 'none', '--provider', 'cpu'];

/** Trains once for all tests, on two classes alike enough for some errors. */
test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-reports-'));
  await drawPatterns(join(room, 'train'), 10, 1);
  await drawPatterns(join(room, 'test'), 3, 2);
  await writeFile(join(room, 'test/rings/broken.jpg'), 'no picture');
  const { code, stderr } = await run('ort-transfer', [
    ...['train', '--train', join(room, 'train'), '--cache', join(room, 'cache'), '--out', join(room, 'out')],
    ...['--strangers', join(room, 'test/rings'), ...quick],
  ]);
  t.is(code, 0, stderr);
  t.context = { room, model: join(room, 'out/model.onnx'), told: stderr };
});

test.after.always(async ({ context: { room } }) => {
  await rm(room, { recursive: true, force: true });
});

const evaluate = ({ room, model }: { room: string; model: string }, ...more: string[]) =>
  run('ort-transfer', ['evaluate', join(room, 'test'), '--model', model, '--provider', 'cpu', ...more]);

/** What the page's script is given. */
const dataOf = (page: string, id: string) =>
  JSON.parse(
    new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`).exec(page)?.[1] ?? 'null',
  );

/** The facts on the page, by name. */
const factsOf = (page: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(page.matchAll(/<div><dt>([^<]*)<\/dt><dd>([^<]*)<\/dd><\/div>/g), ([, name, value]) => [
      name ?? '',
      value ?? '',
    ]),
  );

test('train writes a report of the pictures that were left out, and tells its size', async (t) => {
  const { room, told } = t.context;
  const page = await readFile(join(room, 'out/report.html'), 'utf8');
  t.regex(told, /out\/report\.html: \d\.\d MB to look at, photos in it\n/);
  const { labels, answers } = dataOf(page, 'answers');
  t.deepEqual(labels, ['checks', 'rings', 'stripes']);
  t.is(answers.length, 30);
  const history = JSON.parse(await readFile(join(room, 'out/history.json'), 'utf8'));
  const right = answers.filter(([, given, taken]: [string, number, number]) => given === taken).length;
  t.is(right / 30, history.evaluation.accuracy);
  t.true(page.includes(`<h1>${right} of 30 pictures right</h1>`));
  t.true(page.includes('was left out of a training, and then asked about'));
  t.deepEqual(
    answers.map(([name]: [string]) => name).filter((name: string) => /^rings\/\d\.jpg$/.test(name)).length,
    10,
  );
  const thumbnails: string[] = dataOf(page, 'thumbnails');
  t.is(thumbnails.filter((url) => url.startsWith('data:image/webp;base64,')).length, 30);
  const facts = factsOf(page);
  t.like(facts, {
    ...{ Folds: '3', Seed: '0', Epochs: '2', Hidden: '32', Views: '1', Backbone: 'mobilenet' },
    ...{ Head: 'dense layers and logistic regression', Weights: 'vggface2' },
    ...{ Part: 'the whole picture', Strangers: join(room, 'test/rings') },
  });
  t.regex(facts.Size ?? '', /224 × 224 pixels/);
  t.true(page.includes('30, 10 a class, 3 classes'));
  t.true(page.includes('id="strangers"') && page.includes('id="training"'));
});

test('evaluate writes one of a folder, with the history of the training that made the model', async (t) => {
  const { room } = t.context;
  const path = join(room, 'new/out.html');
  const { code, stdout, stderr } = await evaluate(
    t.context,
    '--report',
    path,
    '--strangers',
    join(room, 'train/checks'),
  );
  t.is(code, 0, stderr);
  t.regex(
    stdout,
    /\nstrangers: AUROC [01]\.\d{3}; [\d.]+% of them pass for known, [\d.]+% of known photos for strangers\naccuracy /,
  );
  const page = await readFile(path, 'utf8');
  t.true(stderr.endsWith(`${path}: ${(page.length / 1e6).toFixed(1)} MB, photos in it\n`), stderr);
  t.is(dataOf(page, 'answers').answers.length, 9);
  t.is(typeof dataOf(page, 'answers').answers[0][5], 'boolean', 'each is known or unknown');
  t.true(page.includes('10 pictures of other things'));
  t.true(page.includes('id="training"'));
  t.is(factsOf(page).Folds, '3');
  t.true(page.includes('rings/broken.jpg: '));
  t.deepEqual(await readdir(join(room, 'new')), ['out.html']);

  const plain = await evaluate(t.context, '--report', path, '--no-pictures');
  t.is(plain.code, 0, plain.stderr);
  t.true(plain.stderr.includes(`${path} is there already and will be replaced.\n`));
  const without = await readFile(path, 'utf8');
  t.false(without.includes('data:image'));
  t.true(without.includes('No pictures are in this file.'));
  t.is(dataOf(without, 'answers').answers.length, 9);
});

test('the history of another model is not taken for its own', async (t) => {
  const { room, model } = t.context;
  const folder = join(room, 'moved');
  await mkdir(folder);
  await writeFile(join(folder, 'model.onnx'), await readFile(model));
  const history = JSON.parse(await readFile(join(room, 'out/history.json'), 'utf8'));
  await writeFile(join(folder, 'history.json'), JSON.stringify({ ...history, bytes: history.bytes + 1 }));
  const path = join(room, 'moved.html');
  const { code, stderr } = await evaluate({ room, model: join(folder, 'model.onnx') }, '--report', path);
  t.is(code, 0, stderr);
  const page = await readFile(path, 'utf8');
  t.false(page.includes('id="training"'));
  t.is(factsOf(page).Folds, undefined);
});

test('a report that cannot be written is refused before the work begins', async (t) => {
  const { room, model } = t.context;
  const refused = async (path: string, words: RegExp) => {
    const { code, stdout, stderr } = await evaluate(t.context, '--report', path);
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(stderr, words);
    t.false(stderr.includes('Evaluating'), 'no picture was looked at');
  };
  const before = await stat(model);
  await refused(
    room,
    /^error: Expected a file for --report\. Received: .*, a folder\. Hint: name a file in it, like .*\/report\.html\.\n$/,
  );
  await refused(
    model,
    /^error: Expected a path that ends in \.html for --report\. Received: .*model\.onnx\.\n$/,
  );
  await refused(join(model, 'a.html'), /^error: .*model\.onnx: /);
  t.is((await stat(model)).mtimeMs, before.mtimeMs);
  if (process.getuid?.() !== 0) {
    const closed = join(room, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o500);
    await refused(join(closed, 'a.html'), /^error: .*closed: permission denied/);
  }
  const { code, stderr } = await evaluate(t.context, '--no-pictures');
  t.is(code, 2);
  t.regex(stderr, /^error: Expected --report with --no-pictures\. Received: none\.\n/);
});

test('train writes none with --no-report, nor where no picture was left out, and removes an older one', async (t) => {
  const { room } = t.context;
  const out = join(room, 'bare');
  const train = (...more: string[]) =>
    run('ort-transfer', [
      ...['train', '--train', join(room, 'train'), '--cache', join(room, 'cache'), '--out', out, ...quick],
      ...more,
    ]);
  await mkdir(out);
  await writeFile(join(out, 'report.html'), 'of an older model');
  t.is((await train('--no-report', '--unknown', 'off')).code, 0);
  t.deepEqual((await readdir(out)).sort(), ['history.csv', 'history.json', 'model.onnx']);
  t.is(JSON.parse(await readFile(join(out, 'history.json'), 'utf8')).report, null);
  // Strangers cannot be measured with a model that tells none.
  const model = join(out, 'model.onnx');
  const untold = await evaluate({ room, model }, '--strangers', join(room, 'train'));
  t.is(untold.code, 1);
  t.is(
    untold.stderr,
    `error: Expected a model that tells --strangers. Received: ${model}, which takes every picture for one of its classes.\n`,
  );
  t.is((await train('--folds', '0')).code, 0);
  t.deepEqual((await readdir(out)).sort(), ['history.csv', 'history.json', 'model.onnx']);
  await mkdir(join(out, 'report.html'));
  const { code, stderr } = await train();
  t.is(code, 1);
  t.true(
    stderr.endsWith(
      `error: Expected nothing but a report at ${join(out, 'report.html')}. Received: a folder. Hint: move it away.\n`,
    ),
    stderr,
  );
});
