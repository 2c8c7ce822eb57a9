/** Wrong labels, as the commands tell of them. */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { run } from './command.js';
import { drawPatterns } from './pictures.js';

const test = anyTest as TestFn<{ room: string }>;
const common = ['--crop', 'none', '--provider', 'cpu', '--views', '1', '--cache', 'cache'];
const wrong = { path: 'photos/checks/odd.jpg', given: 'checks', likely: 'rings' };

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-suspects-'));
  await drawPatterns(join(room, 'photos'), 10, 1);
  await drawPatterns(join(room, 'others'), 1, 5);
  await copyFile(join(room, 'others/rings/0.jpg'), join(room, wrong.path));
  t.context = { room };
});

test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

test('inspect lists the picture whose label is wrong, in words and in JSON', async (t) => {
  const { room: cwd } = t.context;
  const args = ['inspect', 'photos', ...common];
  const json = await run('ort-transfer', [...args, '--out', 'json', '--json'], { cwd });
  t.is(json.code, 0, json.stderr);
  const { suspectLabels } = JSON.parse(json.stdout);
  const [{ probability }] = suspectLabels;
  t.deepEqual(suspectLabels, [{ ...wrong, probability }]);
  t.true(probability >= 0 && probability < 0.05, `${probability}`);
  const { stdout } = await run('ort-transfer', [...args, '--out', 'text'], { cwd });
  t.regex(
    stdout,
    /\n\nLabels that look wrong: 1 picture\n {2}photos\/checks\/odd\.jpg: labelled checks \([0-4]\.\d%\), looks like rings\n\n/,
  );
});

test('train warns of it, says what to do, and keeps the list', async (t) => {
  const { room: cwd } = t.context;
  const args = ['train', '--train', 'photos', '--out', 'out', '--head', 'logistic', ...common, '--json'];
  const { code, stdout, stderr } = await run('ort-transfer', args, { cwd });
  t.is(code, 0, stderr);
  t.true(
    stderr.includes(
      "warning: 1 label looks wrong: that of photos/checks/odd.jpg, which is labelled 'checks' and looks like 'rings'. Hint: history.json lists it as suspectLabels; move it where it is, and train again.\n",
    ),
    stderr,
  );
  const { suspectLabels } = JSON.parse(stdout);
  t.deepEqual(suspectLabels, [{ ...wrong, probability: suspectLabels[0].probability }]);
  const history = JSON.parse(await readFile(join(cwd, 'out/history.json'), 'utf8'));
  t.deepEqual(history.suspectLabels, suspectLabels);
});

test('nothing is said where every label is right', async (t) => {
  const { room: cwd } = t.context;
  const args = ['inspect', 'others', ...common, '--out', 'clean'];
  await drawPatterns(join(cwd, 'others'), 8, 5);
  const { stdout } = await run('ort-transfer', args, { cwd });
  t.notRegex(stdout, /Labels that look wrong/);
  const { stderr } = await run(
    'ort-transfer',
    ['train', '--train', 'others', '--out', 'clean', '--head', 'logistic', ...common],
    { cwd },
  );
  t.notRegex(stderr, /look(s)? wrong/);
});
