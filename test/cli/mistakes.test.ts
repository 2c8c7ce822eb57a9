import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { run } from './command.js';

const test = anyTest as TestFn<{ room: string }>;

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-mistakes-'));
  await mkdir(join(room, 'empty'));
  await mkdir(join(room, 'one/cats'), { recursive: true });
  await writeFile(join(room, 'one/cats/a.jpg'), 'no picture');
  await writeFile(join(room, 'model.onnx'), 'no model');
  t.context = { room };
});

test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

const mistakes: [title: string, name: 'ort-transfer' | 'ort-predict', args: string[], stderr: RegExp][] = [
  ['no command', 'ort-transfer', [], /^error: Name a command\.\nTry --help\.\n$/],
  ['a mistyped command', 'ort-transfer', ['trian'], /Did you mean train\?/],
  [
    'an unknown option',
    'ort-transfer',
    ['train', '--train', 'x', '--epoch', '3'],
    /^error: Unknown argument: epoch\n/,
  ],
  ['no folder', 'ort-transfer', ['train'], /^error: Missing required argument: train\n/],
  [
    'a folder that is not there',
    'ort-transfer',
    ['train', '--train', 'nowhere'],
    /^error: Expected a folder with one sub-folder .* nowhere, which does not exist\.\n$/,
  ],
  [
    'an empty folder',
    'ort-transfer',
    ['train', '--train', 'empty'],
    /^error: Expected a folder .* which is empty\.\n$/,
  ],
  [
    'a class of broken pictures alone',
    'ort-transfer',
    ['train', '--train', 'one'],
    /error: Expected a folder .* whose 1 pictures all had to be skipped/,
  ],
  [
    'no epochs',
    'ort-transfer',
    ['train', '--train', 'one', '--epochs', '0'],
    /^error: Expected --epochs to be a whole number from 1\. Received: 0\.\n$/,
  ],
  [
    'epochs that are no number',
    'ort-transfer',
    ['train', '--train', 'one', '--epochs', 'many'],
    /^error: Expected --epochs .* Received: NaN\.\n$/,
  ],
  [
    'a learning rate of 0',
    'ort-transfer',
    ['train', '--train', 'one', '--learning-rate', '0'],
    /^error: Expected --learning-rate above 0\. Received: 0\.\n$/,
  ],
  [
    'hidden layers that are none',
    'ort-transfer',
    ['train', '--train', 'one', '--hidden', '10,x'],
    /^error: Expected --hidden like 1024,512\. Received: 10,x\.\n$/,
  ],
  [
    'weights that are not there',
    'ort-transfer',
    ['train', '--train', 'one', '--weights', 'no.h5'],
    /^error: .*no\.h5/,
  ],
  [
    'an unknown provider',
    'ort-transfer',
    ['train', '--train', 'one', '--provider', 'tpu'],
    /^error: Invalid values:/,
  ],
  [
    'a model that is not there',
    'ort-predict',
    ['a.jpg', '--model', 'none.onnx'],
    /^error: none\.onnx: no such file or folder\n$/,
  ],
  ['a model that is none', 'ort-predict', ['a.jpg', '--model', 'model.onnx'], /^error: Expected .*model/],
  ['no picture', 'ort-predict', ['empty'], /^error: Expected pictures\. Received: none in empty\.\n$/],
];
for (const [title, name, args, expected] of mistakes)
  test(`${title} gets a message and exit code 1`, async (t) => {
    const { code, stdout, stderr } = await run(name, args, { cwd: t.context.room });
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(stderr, expected);
    t.notRegex(stderr, /\n {4}at /, 'no stack');
  });

test('--help shows examples', async (t) => {
  for (const [name, args] of [
    ['ort-transfer', ['train', '--help']],
    ['ort-transfer', ['evaluate', '--help']],
    ['ort-predict', ['--help']],
  ] as const) {
    const { code, stdout } = await run(name, args);
    t.is(code, 0);
    t.regex(stdout, /Examples:/);
  }
});

test('doctor --json tells versions, providers, weights and what is wrong', async (t) => {
  const { code, stdout } = await run('ort-transfer', ['doctor', '--json'], {
    env: { KERAS_HOME: t.context.room },
  });
  t.is(code, 0);
  const { node, packages, providers, weights, problems } = JSON.parse(stdout);
  t.is(node, process.version);
  t.regex(packages['onnxruntime-node'], /^\d+\.\d+\.\d+/);
  t.true(providers.find(({ provider }: { provider: string }) => provider === 'cpu').ok);
  t.true(weights.vggface2);
  t.deepEqual(weights.folders[0], join(t.context.room, 'models'));
  t.deepEqual(problems, []);
});
