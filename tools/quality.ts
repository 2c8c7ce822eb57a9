/**
 * Measures how right, how sure and how watchful models are, on pictures that they were not trained on: `make quality`.
 *
 *   node dist/tools/quality.js [--set NAME=TRAIN_DIR,TEST_DIR,WEIGHTS …] [--seeds 3] [--json FILE]
 *
 * Default sets: the drawn characters, and where ../shared lies beside the project, waste and faces. `WEIGHTS` is as for
 * `train`. Means over the seeds; a seed chooses views, folds, first weights and, of few pictures, which.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { calibrationOf } from '../src/classifier/calibration.js';
import { type Dataset, splitDataset, toArrays } from '../src/classifier/dataset.js';
import { type FitHeadOptions, fitHead } from '../src/classifier/fit-head.js';
import { evaluatePredictions } from '../src/classifier/metrics.js';
import { familiarityOf } from '../src/classifier/prototypes.js';
import { learnStrangers, type StrangerScores, scoreStrangers } from '../src/classifier/strangers.js';
import { writeHead } from '../src/classifier/write-head.js';
import type { Engine } from '../src/engine/engine.js';
import { GraphBuilder } from '../src/graph/builder.js';
import { encodeModel } from '../src/graph/onnx.js';
import { RandomState } from '../src/keras/random/random-state.js';
import { openEngine } from '../src/platform/node.js';
import { listClasses, relabel } from '../src/transfer/data/list-classes.js';
import { loadDataset } from '../src/transfer/data/load-dataset.js';
import { type Preparation, prepareBackbone } from '../src/transfer/features/preparation.js';
import { silent } from '../src/transfer/reporter.js';

const shared = '../shared';
const waste = `${shared}/datasets/trashnet-mini`;
const faces = `${shared}/datasets/orl-faces`;
const imagenet = `${shared}/weights/mobilenet_1_0_224_tf_no_top.h5`;
const defaults = [
  'characters=data/characters/train,data/characters/test,vggface2',
  ...(existsSync(waste) ? [`waste=${waste}/train,${waste}/test,${imagenet}`] : []),
  ...(existsSync(faces) ? [`faces=${faces}/train,${faces}/test,vggface2`] : []),
];

const { values } = parseArgs({
  options: {
    set: { type: 'string', multiple: true, default: defaults },
    seeds: { type: 'string', default: '3' },
    cache: { type: 'string', default: process.env.ORT_TRANSFER_CACHE ?? 'data/features/cache' },
    json: { type: 'string' },
  },
});

const views = 4;
type Heads = Readonly<Record<string, Omit<FitHeadOptions, 'training' | 'engine' | 'validation'>>>;
const heads: Heads = { article: { head: 'article' }, logistic: { head: 'logistic' }, auto: { head: 'auto' } };

interface LoadedSet {
  readonly name: string;
  readonly training: Dataset;
  readonly test: Dataset;
  readonly preparation: Preparation;
  readonly weights: string;
}

interface Row {
  readonly set: string;
  readonly head: string;
  /** Of each class; all where it is left out. */
  readonly pictures: number | 'all';
  readonly accuracy: number;
  /** The accuracy that training reported; NaN where it reported none. */
  readonly told: number;
  readonly nll: number;
  readonly ece: number;
  readonly floor: number;
}

async function loadSet(text: string, seed: number, engine: Engine): Promise<LoadedSet> {
  const [name = '', paths = ''] = text.split('=');
  const [train = '', test = '', weights = 'vggface2'] = paths.split(',');
  const preparation = await prepareBackbone({ weights, engine }, silent);
  const options = { engine, preparation, seed, cache: values.cache };
  const training = await loadDataset(await listClasses(train, {}, silent), { ...options, views }, silent);
  const held = relabel(await listClasses(test, {}, silent), training.classes);
  return {
    name,
    training,
    preparation,
    weights,
    test: await loadDataset(held, { ...options, views: 1 }, silent),
  };
}

/** `count` pictures of each class, chosen by the seed. */
function few(dataset: Dataset, count: number, seed: number): Dataset {
  const random = new RandomState(seed);
  const pictures = dataset.classes.flatMap((_, label) =>
    random.permutation(dataset.pictures.filter((picture) => picture.label === label)).slice(0, count),
  );
  return { ...dataset, pictures };
}

/** The answers of a head's graph. */
async function answers(engine: Engine, head: Parameters<typeof writeHead>[2], test: Dataset) {
  const { x } = toArrays(test, 1);
  const classes = test.classes.length;
  const g = new GraphBuilder('head');
  const embedding = g.input('embedding', 'float32', ['N', x.dims[1] ?? 0]);
  g.output('probabilities', writeHead(g, embedding, head), 'float32', ['N', classes]);
  const session = await engine.load(encodeModel({ graph: g.build(), opset: 18 }));
  const { probabilities } = await session.run({ embedding: x });
  await session.release();
  const data = probabilities?.data as Float32Array;
  return test.pictures.map(({ label }, row) => ({
    label,
    probabilities: data.subarray(row * classes, (row + 1) * classes),
  }));
}

async function measure(
  engine: Engine,
  { name, test }: LoadedSet,
  training: Dataset,
  { head, pictures, seed }: { head: string; pictures: number | 'all'; seed: number },
): Promise<Row> {
  const shared = { engine, views, seed, verbose: 0 as const };
  // As it was: a fifth is held back, the best epoch kept, nothing calibrated.
  const [part, held] = head === 'before' ? splitDataset(training, 0.2, seed) : [training, null];
  const { fitted, evaluation } =
    head === 'before'
      ? await fitHead({
          ...shared,
          head: 'article',
          training: part,
          validation: held?.pictures.length ? held : null,
        })
      : await fitHead({ ...shared, ...heads[head], training, validation: null });
  const bare =
    head === 'before' && fitted.dense ? { ...fitted, dense: { ...fitted.dense, temperature: 1 } } : fitted;
  const predictions = await answers(engine, bare, test);
  const { accuracy, loss } = evaluatePredictions(test.classes, predictions);
  return {
    set: name,
    head,
    pictures,
    accuracy,
    told: evaluation?.accuracy ?? Number.NaN,
    nll: loss,
    ...calibrationOf(predictions),
  };
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
const engine = await openEngine();
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
const rows: Row[] = [];
const loaded = new Map<string, LoadedSet[]>();
for (const text of values.set) {
  const sets: LoadedSet[] = [];
  for (const seed of seeds) sets.push(await loadSet(text, seed, engine));
  loaded.set(text, sets);
  const [{ name, training: whole, test } = { name: text, training: null, test: null }] = sets;
  if (!whole || !test) continue;
  console.log(
    `\n${name}: ${whole.pictures.length} pictures of ${whole.classes.length} classes, ${test.pictures.length} to test on`,
  );
  console.log('pictures a class   head       accuracy   told    NLL     ECE    (floor)');
  const perClass = whole.pictures.length / whole.classes.length;
  for (const pictures of [1, 2, 5, 10, 'all'] as const) {
    if (pictures !== 'all' && pictures >= perClass) continue;
    for (const head of ['before', ...Object.keys(heads)]) {
      const found: Row[] = [];
      for (const [i, set] of sets.entries()) {
        const training = pictures === 'all' ? set.training : few(set.training, pictures, i);
        found.push(await measure(engine, set, training, { head, pictures, seed: i }));
      }
      const average = (of: (row: Row) => number) => mean(found.map(of)).toFixed(3);
      rows.push(...found);
      console.log(
        [
          String(pictures).padEnd(18),
          head.padEnd(10),
          average(({ accuracy }) => accuracy).padEnd(10),
          average(({ told }) => told).padEnd(7),
          average(({ nll }) => nll).padEnd(7),
          average(({ ece }) => ece).padEnd(6),
          `(${average(({ floor }) => floor)})`,
        ].join(' '),
      );
    }
  }
}

/** Strangers: the test pictures of the other sets, seen through this one's backbone. */
const watch: object[] = [];
console.log('\nknown            strangers        AUROC  false rejection  false acceptance (nominal 0.05)');
for (const [text, sets] of loaded)
  for (const other of values.set.filter((one) => one !== text)) {
    const found: StrangerScores[] = [];
    for (const [seed, { training, test, preparation }] of sets.entries()) {
      const learned = learnStrangers(training, { random: new RandomState(seed) });
      if (!learned) continue;
      const folder = other.split('=')[1]?.split(',')[1] ?? '';
      const options = { engine, preparation, seed, views: 1, cache: values.cache };
      const strange = await loadDataset(await listClasses(folder, {}, silent), options, silent);
      const measured = ({ pictures }: Dataset) =>
        Array.from(
          familiarityOf(
            pictures.flatMap(({ views: [first] }) => first ?? []),
            learned.prototypes,
          ),
          (familiarity) => ({ familiarity }),
        );
      found.push(scoreStrangers(learned.rule, measured(test), measured(strange)));
    }
    const average = (of: (scores: StrangerScores) => number) => mean(found.map(of)).toFixed(3);
    const names = [text, other].map((one) => (one.split('=')[0] ?? '').padEnd(16));
    console.log(
      `${names.join(' ')} ${average(({ auroc }) => auroc)}  ${average(({ falseRejection }) => falseRejection).padEnd(16)} ${average(({ falseAcceptance }) => falseAcceptance)}`,
    );
    watch.push(
      ...found.map((scores, seed) => ({
        known: names[0]?.trim(),
        strangers: names[1]?.trim(),
        seed,
        ...scores,
      })),
    );
  }
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ rows, strangers: watch }, null, 2)}\n`);
