import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { readMetadata } from '../../src/classifier/metadata.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { Variable } from '../../src/keras/variable.js';
import { publishModel } from '../../src/transfer/convert/publish.js';
import { silent } from '../../src/transfer/reporter.js';
import { run } from '../cli/command.js';
import { drawPatterns, patternNames } from '../cli/pictures.js';
import { head as lastLayer, metadata, seededClassifier, seededNumbers } from './seeded-classifier.js';

const test = anyTest as TestFn<{ room: string; model: string }>;

/** A classifier with weights enough to be stored small, for the names of the patterns and two classes more. */
const classifier = () =>
  seededClassifier({
    metadata: { ...metadata, labels: [...patternNames, 'x', 'y'] },
    head: (g, embedding) => {
      const { weight } = inferenceContext(g);
      const kernel = new Variable('kernel', [24, 64], seededNumbers(24 * 64, 7, 0.4));
      const back = new Variable('back', [64, 24], seededNumbers(24 * 64, 8, 0.4));
      const hidden = g.op('Relu', [g.op('Gemm', [embedding, weight(kernel)])]);
      return lastLayer(g, g.op('Relu', [g.op('Gemm', [hidden, weight(back)])]));
    },
  });

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-publish-'));
  const model = join(room, 'model.onnx');
  await writeFile(model, encodeModel(classifier()));
  await drawPatterns(join(room, 'photos'), 3, 1);
  t.context = { room, model };
});
test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

test('without options the file is copied, byte for byte', async (t) => {
  const { room, model } = t.context;
  const out = join(room, 'copy.onnx');
  const published = await publishModel({ model, out }, silent);
  const bytes = await readFile(model);
  t.true(bytes.equals(await readFile(out)));
  t.deepEqual(published, {
    labels: [...patternNames, 'x', 'y'],
    precision: 'fp32',
    bytes: { before: bytes.length, after: bytes.length },
    evaluation: null,
  });
});

test('small models are smaller, say so, keep their metadata, and come out the same every time', async (t) => {
  const { room, model } = t.context;
  for (const precision of ['fp16', 'int8'] as const) {
    const out = join(room, `${precision}.onnx`);
    const { bytes } = await publishModel({ model, out, precision, explain: true }, silent);
    const file = await readFile(out);
    t.is(file.length, bytes.after);
    t.deepEqual(readMetadata(file), { ...readMetadata(await readFile(model)), precision });
    const again = join(room, 'again.onnx');
    await publishModel({ model, out: again, precision, explain: true }, silent);
    t.true(file.equals(await readFile(again)));
    const session = await (await ortNode({ provider: 'cpu' })).load(file);
    t.deepEqual(session.outputNames, ['probabilities', 'heatmap']);
    // What was made small can be copied, and be given its heat later.
    const copied = await publishModel({ model: out, out: again }, silent);
    t.is(copied.precision, precision);
    t.true(file.equals(await readFile(again)));
  }
});

test('a validation folder is measured with both models', async (t) => {
  const { room, model } = t.context;
  const { evaluation } = await publishModel(
    { model, out: join(room, 'measured.onnx'), precision: 'int8', validation: join(room, 'photos') },
    silent,
  );
  t.is(evaluation!.before.samples, 9);
  t.is(evaluation!.after.samples, 9);
  t.not(evaluation!.before.loss, evaluation!.after.loss);
  t.true(Math.abs(evaluation!.before.loss - evaluation!.after.loss) < 0.5);
});

test('export prints sizes, and what the change costs', async (t) => {
  const { room, model } = t.context;
  const out = join(room, 'site/model.onnx');
  const { code, stdout, stderr } = await run('ort-transfer', [
    ...['export', '--model', model, '--out', out, '--precision', 'fp16'],
    ...['--validation', join(room, 'photos')],
  ]);
  t.is(code, 0, stderr);
  t.regex(
    stdout,
    /^.*site\/model\.onnx: 0\.0 MB, before 0\.0 MB, fp16, 5 classes: checks, rings, stripes, x, y\naccuracy (\d+\.\d)%, before \1%: ±0\.0 points \(9 photos\)\n$/,
  );
  const unmeasured = await run('ort-transfer', [
    'export',
    '--model',
    model,
    '--out',
    out,
    '--precision',
    'int8',
  ]);
  t.is(
    unmeasured.stdout.split('\n').slice(1).join('\n'),
    'accuracy not measured: name photos with --validation\n',
    unmeasured.stderr,
  );
});

test('export refuses what it cannot do in one line', async (t) => {
  const { room, model } = t.context;
  const small = join(room, 'refused.onnx');
  await publishModel({ model, out: small, precision: 'int8' }, silent);
  const { code, stdout, stderr } = await run('ort-transfer', [
    ...['export', '--model', small, '--out', join(room, 'never.onnx'), '--precision', 'fp16'],
  ]);
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^error: Expected a model with fp32 weights, to store as fp16\. Received: .*\n$/);
  await t.throwsAsync(readFile(join(room, 'never.onnx')), { code: 'ENOENT' });
});
