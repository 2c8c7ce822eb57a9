import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readMetadata } from '../../src/classifier/metadata.js';
import { onnxFile } from '../transfer/onnx-files.js';
import { run } from './command.js';
import { drawPatterns, patternNames } from './pictures.js';

test('train takes any ONNX model as weights, and what it exports does as it did in training', async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-onnx-'));
  t.teardown(() => rm(room, { recursive: true, force: true }));
  await drawPatterns(join(room, 'photos'), 5, 1);
  const weights = join(room, 'net.onnx');
  await writeFile(weights, onnxFile({ layout: 'nhwc', batch: 1, output: 'classes', opset: 11 }));
  const shared = ['--weights', weights, '--cache', join(room, 'cache')];
  const train = ['train', '--train', join(room, 'photos'), '--validation', join(room, 'photos'), ...shared];

  const unsaid = await run('ort-transfer', [...train, '--out', room]);
  t.is(unsaid.code, 1);
  t.regex(unsaid.stderr, /^error: Expected to know how .*net\.onnx wants the levels of pictures\./);
  const wrong = await run('ort-transfer', ['features', room, '--weights', 'vggface2', '--output-name', 'x']);
  t.is(
    wrong.stderr,
    'error: Expected --output-name with an .onnx file as --weights alone. Received: it with vggface2.\n',
  );

  const forKeras = await run('ort-transfer', [
    ...[...train, '--input-scaling', 'torch', '--out', join(room, 'model.keras')],
  ]);
  t.regex(
    forKeras.stderr,
    /\nerror: Expected operations that have a Keras layer here\. .* Hint: let --out end in \.onnx, or name a folder\.\n$/,
  );
  t.notRegex(forKeras.stderr, /Extracting/);

  const options = [
    '--input-scaling',
    'torch',
    '--views',
    '2',
    '--epochs',
    '2',
    '--hidden',
    '8',
    '--out',
    room,
  ];
  const { code, stderr } = await run('ort-transfer', [...train, ...options]);
  t.is(code, 0, stderr);
  t.regex(stderr, /net\.onnx: '6' \(N, 6\) as 6 features, of pictures of 32 × 32 pixels\n/);
  const { labels, preprocessing, backbone } = readMetadata(await readFile(join(room, 'model.onnx')));
  t.deepEqual([labels, preprocessing.size], [patternNames, [32, 32]]);
  t.like(backbone, { name: 'onnx', weights: 'net.onnx', output: '6' });
  const evaluated = await run('ort-transfer', [
    ...['evaluate', join(room, 'photos'), '--model', join(room, 'model.onnx'), '--json'],
  ]);
  const { evaluation } = JSON.parse(await readFile(join(room, 'history.json'), 'utf8'));
  const { loss, confusion } = JSON.parse(evaluated.stdout);
  t.deepEqual(confusion, evaluation.confusion);
  t.true(Math.abs(loss - evaluation.loss) < 1e-5, `${loss} ${evaluation.loss}`);
});
