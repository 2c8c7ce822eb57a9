/** Ways to call the commands. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { stderrReporter } from '../../src/cli/terminal-reporter.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { redOrBlue, redPicture } from '../export/red-or-blue.js';
import { writePictures } from '../transfer/bright-or-dark.js';
import { run } from './command.js';

const test = anyTest as TestFn<{ room: string }>;

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-calls-'));
  await writeFile(join(room, 'model.onnx'), encodeModel(redOrBlue()));
  await writeFile(join(room, 'red.png'), await redPicture());
  await writePictures(join(room, 'photos'));
  t.context = { room };
});
test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

test("'ort-transfer predict' is ort-predict", async (t) => {
  const { room: cwd } = t.context;
  const args = ['red.png', '--model', 'model.onnx', '--json'];
  const [a, b] = [
    await run('ort-transfer', ['predict', ...args], { cwd }),
    await run('ort-predict', args, { cwd }),
  ];
  t.deepEqual(a, b);
  const [{ file, predictions }] = JSON.parse(a.stdout);
  t.is(file, 'red.png');
  t.is(predictions[0].label, 'red');
});

/** Runs ort-predict with a picture on its standard input. */
const predictFrom = (
  input: Uint8Array,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const script = new URL('../../src/cli/ort-predict.js', import.meta.url).pathname;
    const child = execFile(process.execPath, [script, ...args], { cwd }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(input);
  });

test('- is a picture on standard input, among others, and is saved as such', async (t) => {
  const { room } = t.context;
  const red = await readFile(join(room, 'red.png'));
  const args = ['-', 'none.png', '--model', 'model.onnx', '--save', 'labelled'];
  const { code, stdout, stderr } = await predictFrom(red, args, room);
  t.is(code, 1);
  t.regex(stdout, /^-: red \d+\.\d%, blue \d+\.\d%\n$/);
  t.is(stderr, 'none.png: Expected a picture. Received: no such file.\n');
  t.true((await readFile(join(room, 'labelled/stdin.png'))).length > 0);
  const broken = await predictFrom(Buffer.from('no picture'), ['-', '--model', 'model.onnx'], room);
  t.is(broken.code, 1);
  t.regex(broken.stderr, /^-: Expected a picture\. Received: /);
});

test('an address is told apart from a missing file', async (t) => {
  const { stderr, code } = await run('ort-predict', ['https://example.org/a.jpg', '--model', 'model.onnx'], {
    cwd: t.context.room,
  });
  t.is(code, 1);
  t.is(
    stderr,
    'https://example.org/a.jpg: Expected a picture. Received: an address, where a file is wanted. Hint: download it first.\n',
  );
});

test('a configuration gives options by either name, the command line goes before, and --quiet says nothing', async (t) => {
  const { room } = t.context;
  const config = { weights: 'nothing.h5', 'batch-size': 4, learningRate: 0.01, hidden: '8', crop: 'none' };
  await writeFile(join(room, 'train.json'), JSON.stringify(config));
  const given = ['train', 'photos', '--config', 'train.json', '--cache', 'cache', '--quiet'];
  const { stderr, code } = await run('ort-transfer', given, { cwd: room });
  t.is(code, 1);
  t.regex(stderr, /^error: Expected weights .* Received: nothing\.h5, which is none of these\.\n$/);
  const over = await run(
    'ort-transfer',
    [...given, '--weights', 'vggface2', '--views', '1', '--out', 'made'],
    { cwd: room },
  );
  t.is(over.code, 0, over.stderr);
  t.is(over.stderr, '');
  t.regex(over.stdout, /^made\/model\.onnx: /);
});

test('a quiet reporter tells warnings alone', (t) => {
  let written = '';
  const reporter = stderrReporter({ quiet: true, write: (text) => (written += text) });
  reporter.info('a');
  reporter.progress('b', { done: 1, total: 1 });
  reporter.print('c');
  reporter.warn('d');
  t.is(written, 'warning: d\n');
});

test('completion is told in the words of the shell', async (t) => {
  const script = await run('ort-transfer', ['completion']);
  t.is(script.code, 0);
  t.regex(script.stdout, /ort-transfer/);
  const { stdout } = await run('ort-transfer', ['--get-yargs-completions', 'ort-transfer', 'pre']);
  t.regex(stdout, /^predict/m);
});
