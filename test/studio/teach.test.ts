import test, { type ExecutionContext } from 'ava';
import { type Dataset, toArrays } from '../../src/classifier/dataset.js';
import { type FitHeadOptions, type FittedHead, fitHead } from '../../src/classifier/fit-head.js';
import type { StrangerModel } from '../../src/classifier/strangers.js';
import { writeHead, writeStrangers } from '../../src/classifier/write-head.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { Callback } from '../../src/keras/callbacks/index.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { learnToTellStrangers } from '../../src/transfer/train/learn-strangers.js';
import { defaultSettings, readSettings, type Settings } from '../../src/web/studio/studio-protocol.js';
import { type TeachOptions, teach } from '../../src/web/studio/teach.js';
import { assertClose } from '../compare.js';

const features = 12;
const engine = await ortNode({ provider: 'cpu', threads: 1 });
const seed = 0;

/** Pictures of three kinds that are alike enough to be mixed up, in two views each. */
function pictures(each: number, start = 1): Dataset {
  const random = new RandomState(start);
  return {
    folder: 'pictures',
    classes: ['a', 'b', 'c'],
    skipped: [],
    pictures: Array.from({ length: 3 * each }, (_, i) => {
      const label = Math.floor(i / each);
      const base = random.normal(0, 1, features).map((v, d) => v + (d === label ? 2 : 0));
      const view = () => Float32Array.from(base, (v) => v + random.normal(0, 0.1));
      return { path: `${label}/${i}.png`, content: `${start} ${i}`, label, views: [view(), view()] };
    }),
  };
}

const quiet: Pick<TeachOptions, 'callbacks' | 'foldCallbacks' | 'onFold' | 'onStep'> = {
  callbacks: [],
  foldCallbacks: [],
  onFold: () => {},
  onStep: () => {},
};
const teachOn = (data: Dataset, settings: Partial<Settings> = {}, hooks = quiet) =>
  teach({ data, settings: { ...defaultSettings, epochs: 2, ...settings }, engine, seed, ...hooks });

/** What a model's graph makes of embeddings. */
async function run(head: FittedHead, strangers: StrangerModel | null, data: Dataset) {
  const g = new GraphBuilder('head');
  const embedding = g.input('embedding', 'float32', ['N', features]);
  g.output('probabilities', writeHead(g, embedding, head), 'float32', ['N', data.classes.length]);
  const measures = strangers ? writeStrangers(g, embedding, strangers, head) : {};
  for (const [name, value] of Object.entries(measures)) g.output(name, value, 'float32', ['N']);
  const session = await engine.load(encodeModel({ graph: g.build(), opset: 18 }));
  const outputs = await session.run({ embedding: toArrays(data, 1).x });
  await session.release();
  return outputs;
}

/** The head and the strangers as `ort-transfer train` finds them. */
async function trainInNode(training: Dataset, options: Partial<FitHeadOptions>) {
  const found = await fitHead({ engine, seed, training, validation: null, verbose: 0, ...options });
  const reporter = { info: () => {}, warn: () => {}, progress: () => {}, print: () => {} };
  // The folder of strangers, which is none here, is all that a preparation is for.
  const rest = { seed } as Parameters<typeof learnToTellStrangers>[2];
  return { ...found, strangers: await learnToTellStrangers(training, found, rest, reporter) };
}

async function assertAsInNode(t: ExecutionContext, each: number, settings: Partial<Settings>): Promise<void> {
  const data = pictures(each);
  const lesson = await teachOn(data, settings);
  const { unknown: _, ...options } = { ...defaultSettings, epochs: 2, ...settings };
  const node = await trainInNode(data, options);
  const unseen = pictures(5, 2);
  const [mine, theirs] = [
    await run(lesson.fitted, lesson.strangers, unseen),
    await run(node.fitted, node.strangers, unseen),
  ];
  t.deepEqual(Object.keys(mine), ['probabilities', 'familiarity']);
  for (const [name, { data: values }] of Object.entries(theirs))
    assertClose(t, mine[name]!.data as Float32Array, values as Float32Array, {
      label: name,
      relative: 0,
      absolute: 1e-5,
    });
  t.is(lesson.fitted.dense?.temperature, node.fitted.dense?.temperature);
  t.deepEqual(lesson.strangers!.rule, node.strangers!.rule);
  t.deepEqual(lesson.evaluation, node.evaluation);
}

test("few pictures teach the page's model what they teach Node's", (t) => assertAsInNode(t, 5, {}));
test("many pictures teach the page's model what they teach Node's", (t) =>
  assertAsInNode(t, 10, { prior: 'flat', folds: 5 }));

test('every picture is guessed and measured while it was left out, under its own path', async (t) => {
  const data = pictures(6);
  const { leftOut, strangers } = await teachOn(data);
  const paths = data.pictures.map(({ path }) => path).toSorted();
  t.deepEqual(leftOut.map(({ picture }) => picture.path).toSorted(), paths);
  t.deepEqual(strangers!.known.map(({ path }) => path).toSorted(), paths);
});

test('who wants no strangers told gets none, and no check where nothing is left out', async (t) => {
  const lesson = await teachOn(pictures(4), { unknown: 'off', folds: 0 });
  t.is(lesson.strangers, null);
  t.is(lesson.evaluation, null);
  t.deepEqual(lesson.leftOut, []);
});

test('it ends where a step says so, at whatever step that is', async (t) => {
  const data = pictures(12);
  const settings = { head: 'logistic' } as const;
  let steps = 0;
  await teachOn(data, settings, { ...quiet, onStep: () => void steps++ });
  t.is(steps, 5 * 5 + 3 + 1, 'strengths of logistic regression in 5 folds, 3 folds, the head itself');
  for (const last of [0, 24, 25, steps - 1]) {
    let step = 0;
    const onStep = () => {
      if (step++ === last) throw new Error('enough');
    };
    await t.throwsAsync(teachOn(data, settings, { ...quiet, onStep }), { message: 'enough' });
    t.is(step, last + 1);
  }
});

test('epochs of folds and of the head itself are told apart', async (t) => {
  class Count extends Callback {
    count = 0;
    override onEpochEnd(): void {
      this.count++;
    }
  }
  const [own, folds] = [new Count(), new Count()];
  await teachOn(pictures(12), {}, { ...quiet, callbacks: [own], foldCallbacks: [folds] });
  t.deepEqual([own.count, folds.count], [2, 6]);
});

test('settings of older files and of strangers are read as far as they are known', (t) => {
  t.deepEqual(readSettings({ epochs: 3, validationSplit: 0.2, head: 7, views: Number.NaN, folds: 5 }), {
    ...defaultSettings,
    epochs: 3,
    folds: 5,
  });
  for (const nothing of [undefined, null, 'all', 7]) t.deepEqual(readSettings(nothing), defaultSettings);
});
