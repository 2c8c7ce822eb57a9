/** Pictures to test on that show the same thing as training pictures, through the commands. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import sharp from 'sharp';
import type { Inspection } from '../../src/transfer/inspect/inspect.js';
import { run } from './command.js';
import { writeMobileNet } from './mobilenet-file.js';
import { drawPatterns } from './pictures.js';

const test = anyTest as TestFn<{ room: string; ask: (...args: string[]) => ReturnType<typeof run> }>;
const pair = { a: 'held/checks/cropped.png', b: 'train/checks/2.jpg' };
const copy = { a: 'held/stripes/copy.jpg', b: 'train/stripes/1.jpg' };

test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-leakage-'));
  await drawPatterns(join(room, 'train'), 4, 1);
  await drawPatterns(join(room, 'held'), 2, 4);
  // To these weights rings look alike in any colours, and so do two of the stripes.
  for (const alike of ['train/rings', 'held/rings', 'held/stripes/1.jpg'])
    await rm(join(room, alike), { recursive: true });
  await sharp(join(room, pair.b))
    .extract({ left: 8, top: 0, width: 152, height: 120 })
    .png()
    .toFile(join(room, pair.a));
  await copyFile(join(room, copy.b), join(room, copy.a));
  await writeMobileNet(join(room, 'mobilenet.h5'));
  const ask = (...args: string[]) => run('ort-transfer', args, { cwd: room });
  t.context = { room, ask };
});

test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

const common = ['--provider', 'cpu', '--views', '1', '--cache', 'cache', '--crop', 'none', '--json'];

test.serial(
  'inspect lists a cropped picture as probably the same thing, but not with the weights of faces',
  async (t) => {
    const inspect = async (weights: string) => {
      const { code, stdout, stderr } = await t.context.ask(
        ...['inspect', 'train', '--validation', 'held', '--weights', weights, '--out', 'sheets', ...common],
      );
      t.is(code, 0, stderr);
      return JSON.parse(stdout) as Inspection;
    };
    const { sameThing, near, exact } = await inspect('mobilenet.h5');
    t.deepEqual(
      sameThing.map(({ pictures, acrossSplits }) => [acrossSplits, ...pictures.map(({ path }) => path)]),
      [[true, pair.b, pair.a]],
    );
    t.true(sameThing[0]!.similarity >= 0.88 && sameThing[0]!.similarity < 1);
    t.deepEqual([near.length, exact.length], [0, 1]);
    t.deepEqual((await inspect('vggface2')).sameThing, []);
  },
);

test.serial(
  'train counts the pairs, and tells the accuracy without; evaluate tells the same of the model',
  async (t) => {
    const trained = await t.context.ask(
      ...['train', '--train', 'train', '--validation', 'held', '--weights', 'mobilenet.h5', '--out', 'out'],
      ...['--head', 'logistic', ...common],
    );
    t.is(trained.code, 0, trained.stderr);
    const { leakage } = JSON.parse(trained.stdout);
    const { similarity } = leakage.pairs[1];
    t.deepEqual(leakage, {
      count: 2,
      pairs: [
        { ...copy, similarity: 1 },
        { ...pair, similarity },
      ],
      without: { samples: 3, accuracy: leakage.without.accuracy },
    });
    t.true(similarity >= 0.88 && similarity < 1, `${similarity}`);
    const share = `${(leakage.without.accuracy * 100).toFixed(1)}%`;
    const sentence = `2 of 5 photos are copies of training photos, or probably show the same thing (2 pairs, like ${copy.a} and ${copy.b}): the accuracy without them is ${share} (3 photos).`;
    t.true(trained.stderr.includes(`warning: ${sentence}`), trained.stderr);

    const evaluate = (...more: string[]) =>
      t.context.ask('evaluate', 'held', '--model', 'out/model.onnx', '--provider', 'cpu', ...more);
    const evaluated = await evaluate('--train', 'train', '--json');
    t.is(evaluated.code, 0, evaluated.stderr);
    const found = JSON.parse(evaluated.stdout).leakage;
    t.true(Math.abs(found.pairs[1].similarity - similarity) < 1e-3);
    t.deepEqual({ ...found, pairs: [found.pairs[0], leakage.pairs[1]] }, leakage);
    const told = await evaluate('--train', 'train');
    t.true(told.stdout.includes(`\n${sentence}\n`), told.stdout);
    t.false('leakage' in JSON.parse((await evaluate('--json')).stdout));
  },
);

test.serial('with the weights of faces files are compared byte for byte alone', async (t) => {
  const trained = await t.context.ask(
    ...[
      'train',
      '--train',
      'train',
      '--validation',
      'held',
      '--out',
      'faces',
      '--head',
      'logistic',
      ...common,
    ],
  );
  t.is(trained.code, 0, trained.stderr);
  const { leakage } = JSON.parse(trained.stdout);
  t.deepEqual([leakage.count, leakage.pairs], [1, [{ ...copy, similarity: 1 }]]);
  const evaluated = await t.context.ask(
    ...['evaluate', 'held', '--model', 'faces/model.onnx', '--train', 'train', '--json', '--provider', 'cpu'],
  );
  t.deepEqual(JSON.parse(evaluated.stdout).leakage, leakage);
});
