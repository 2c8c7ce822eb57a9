import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import sharp from 'sharp';
import { withoutDashes } from '../../src/cli/parser.js';
import { readPicture } from '../../src/platform/node/read-picture.js';
import { printable } from '../../src/printable.js';
import { run } from './command.js';

const test = anyTest as TestFn<{ room: string }>;

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-mistakes-'));
  await mkdir(join(room, 'empty'));
  await mkdir(join(room, 'one/cats'), { recursive: true });
  await writeFile(join(room, 'one/cats/a.jpg'), 'no picture');
  for (const name of ['cats', 'dogs']) {
    await mkdir(join(room, 'broken', name), { recursive: true });
    await writeFile(join(room, 'broken', name, 'a.jpg'), 'no picture');
  }
  await mkdir(join(room, 'set/birds'), { recursive: true });
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).toFile(
    join(room, 'set/birds/a.png'),
  );
  await writeFile(join(room, 'model.onnx'), 'no model');
  await writeFile(join(room, 'list.json'), '[1]');
  await writeFile(join(room, 'epoch.json'), '{"epoch": 3}');
  await writeFile(join(room, 'zero.json'), '{"batchSize": 0}');
  t.context = { room };
});

test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

/** Mistakes in the call itself. */
const usage: [title: string, name: 'ort-transfer' | 'ort-predict', args: string[], stderr: RegExp][] = [
  [
    'no command',
    'ort-transfer',
    [],
    /^ort-transfer <command>\n[\s\S]*\n {2}ort-transfer train \[folder\] +Train a classifier[\s\S]*\n {2}ort-transfer predict <image\.\.> /,
  ],
  ['a mistyped command', 'ort-transfer', ['trian'], /Did you mean train\?/],
  [
    'an unknown option',
    'ort-transfer',
    ['train', '--train', 'x', '--epoch', '3'],
    /^error: Unknown argument: epoch\. Did you mean --epochs\?\nTry --help\.\n$/,
  ],
  [
    'an option that nothing is like',
    'ort-transfer',
    ['train', '--train', 'x', '--foo', '3'],
    /^error: Unknown argument: foo\nTry --help\.\n$/,
  ],
  [
    'an option that is given twice',
    'ort-transfer',
    ['train', '--train', 'broken', '--epochs', '2', '--epochs=3'],
    /^error: Expected --epochs once\. Received: several\.\n$/,
  ],
  [
    'an option without its value',
    'ort-transfer',
    ['train', '--train', 'broken', '--epochs'],
    /^error: Not enough arguments following: epochs\n$/,
  ],
  [
    'no folder',
    'ort-transfer',
    ['train'],
    /^error: Expected a folder with one sub-folder of photos a class, as in 'ort-transfer train photos'\. Received: none\.\n$/,
  ],
  [
    'a seed that is none',
    'ort-transfer',
    ['features', 'set', '--seed', '-1'],
    /^error: Expected --seed to be a whole number from 0 to 4294967295\. Received: -1\.\n$/,
  ],
  [
    'a limit that is none',
    'ort-predict',
    ['a.jpg', '--max-pixels', 'many'],
    /^error: Expected --max-pixels to be a whole number from 1\. Received: NaN\.\n$/,
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
    /^error: Expected --hidden like 1024,512, with at most 100000 units a layer\. Received: 10,x\.\n$/,
  ],
  [
    'an unknown provider',
    'ort-transfer',
    ['train', '--train', 'one', '--provider', 'tpu'],
    /^error: Invalid values:/,
  ],
  [
    'no picture',
    'ort-predict',
    ['empty', '--model', 'model.onnx'],
    /^error: Expected pictures\. Received: none in empty\.\n$/,
  ],
  [
    'a folder in both places',
    'ort-transfer',
    ['train', 'one', '--train', 'broken'],
    /^error: Expected a folder .* Received: one, and broken with --train\.\n$/,
  ],
  [
    'a configuration that is not there',
    'ort-transfer',
    ['train', 'one', '--config', 'none.json'],
    /^error: Expected a file of options with --config\. Received: none\.json, no such file or folder\.\n$/,
  ],
  [
    'a configuration that is none',
    'ort-transfer',
    ['train', 'one', '--config', 'list.json'],
    /^error: Expected a JSON object of options with --config, as \{"epochs": 10\}\. Received: list\.json, which holds none\.\n$/,
  ],
  [
    'an unknown option in a configuration',
    'ort-transfer',
    ['train', 'one', '--config', 'epoch.json'],
    /^error: Unknown argument: epoch\. Did you mean --epochs\?\nTry --help\.\n$/,
  ],
  [
    'a wrong value in a configuration',
    'ort-transfer',
    ['train', 'one', '--config', 'zero.json'],
    /^error: Expected --batch-size to be a whole number from 1\. Received: 0\.\n$/,
  ],
];

/** Mistakes in what the call names. */
const faults: typeof usage = [
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
    'one class alone',
    'ort-transfer',
    ['train', '--train', 'one'],
    /^error: Expected at least 2 classes\. Received: only 'cats' in one\. Hint: add a folder with pictures of something else\.\n$/,
  ],
  [
    'nothing but broken pictures',
    'ort-transfer',
    ['train', '--train', 'broken', '--cache', 'cache', '--crop', 'none', '--out', 'never'],
    /error: Expected a folder .* whose 2 pictures all had to be skipped/,
  ],
  [
    'a validation folder with other classes',
    'ort-transfer',
    ['train', '--train', 'broken', '--validation', 'set'],
    /^error: Expected classes of broken in set, like 'cats'\. Received: 'birds'\.\n$/,
  ],
  [
    'a folder to write to that is a file',
    'ort-transfer',
    ['train', '--train', 'broken', '--out', 'broken/cats/a.jpg'],
    /^error: broken\/cats\/a\.jpg: it is not a folder\n$/,
  ],
  [
    'a cache that cannot be written to',
    'ort-transfer',
    ['features', 'set', '--cache', 'model.onnx', '--crop', 'none'],
    /error: Expected a folder to keep features in\. Received: model\.onnx\S+, it is not a folder\. Hint: name another one with --cache or ORT_TRANSFER_CACHE\.\n$/,
  ],
  [
    'weights that are not there',
    'ort-transfer',
    ['train', '--train', 'broken', '--weights', 'no.h5'],
    /^error: Expected weights 'vggface2', 'imagenet', 'imagenet-v2', or .* Received: no\.h5, which is none of these\.\n$/,
  ],
  [
    'a model that is not there',
    'ort-predict',
    ['a.jpg', '--model', 'none.onnx'],
    /^error: Expected a trained model\. Received: none\.onnx, which does not exist\. Hint: make one with 'ort-transfer train photos', or name another with --model\.\n$/,
  ],
  ['a model that is none', 'ort-predict', ['a.jpg', '--model', 'model.onnx'], /^error: Expected .*model/],
];
for (const [code, mistakes] of [
  [2, usage],
  [1, faults],
] as const)
  for (const [title, name, args, expected] of mistakes)
    test(`${title} gets a message and exit code ${code}`, async (t) => {
      const { stdout, stderr, ...ended } = await run(name, args, { cwd: t.context.room });
      t.is(ended.code, code);
      t.is(stdout, '');
      t.regex(stderr, expected);
      t.notRegex(stderr, /\n {4}at /, 'no stack');
    });

test('a full disk for the output is told, without a stack', async (t) => {
  if (!existsSync('/dev/full')) {
    t.log('skipped: there is no /dev/full here');
    t.pass();
    return;
  }
  const script = new URL('../../src/cli/ort-transfer.js', import.meta.url).pathname;
  const full = await open('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [script, 'doctor'], {
    stdio: ['ignore', full.fd, 'pipe'],
    encoding: 'utf8',
  });
  await full.close();
  t.is(status, 1);
  t.is(stderr, 'error: standard output: the disk is full\n');
});

test('pipes, devices and folders are no pictures, and nothing waits for them', async (t) => {
  const { room } = t.context;
  const pipe = join(room, 'pipe.jpg');
  execFileSync('mkfifo', [pipe]);
  const received = async (path: string) =>
    (await t.throwsAsync(readPicture(path), { name: 'ImageError' }))!.message;
  t.is(await received(pipe), 'Expected a picture. Received: neither a file nor a folder.');
  t.is(await received('/dev/zero'), 'Expected a picture. Received: neither a file nor a folder.');
  t.is(await received(room), 'Expected a picture. Received: a folder that cannot be read.');
  t.is(await received(join(room, 'none')), 'Expected a picture. Received: no such file.');
});

test('names cannot draw on the terminal or look like two lines', (t) => {
  t.is(printable('a\nb\t\x1b[2Jé😀\x7f'), 'a\\nb\\t\\x1b[2Jé😀\\x7f');
});

test('behind -- names may begin with a dash', (t) => {
  t.deepEqual(withoutDashes(['--top', '1', '--', '-a.jpg', 'b.jpg']), ['--top', '1', './-a.jpg', 'b.jpg']);
  t.deepEqual(withoutDashes(['a.jpg']), ['a.jpg']);
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
