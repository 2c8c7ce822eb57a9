import test, { type ExecutionContext } from 'ava';
import type { Dataset } from '../../src/classifier/dataset.js';
import { toArrays } from '../../src/classifier/dataset.js';
import { type FitHeadOptions, type FitHeadResult, fitHead } from '../../src/classifier/fit-head.js';
import { evaluatePredictions } from '../../src/classifier/metrics.js';
import { writeHead } from '../../src/classifier/write-head.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';

const features = 12;
const engine = await ortNode({ provider: 'cpu', threads: 1 });

/** Pictures of three kinds that are alike enough to be mixed up, in two views each. */
function pictures(counts: readonly number[], seed = 1, views = 2): Dataset {
  const random = new RandomState(seed);
  return {
    folder: 'pictures',
    classes: counts.map((_, label) => `class ${label}`),
    skipped: [],
    pictures: counts.flatMap((count, label) =>
      Array.from({ length: count }, (_, i) => {
        const base = random.normal(0, 1, features).map((v, d) => v + (d === label ? 2 : 0));
        const view = () => Float32Array.from(base, (v) => v + random.normal(0, 0.1));
        return {
          path: `${label}/${i}.png`,
          content: `${seed} ${label} ${i}`,
          label,
          views: Array.from({ length: views }, view),
        };
      }),
    ),
  };
}

const fit = (training: Dataset, options: Partial<FitHeadOptions> = {}): Promise<FitHeadResult> =>
  fitHead({
    ...{ training, validation: null, engine, views: 2, hidden: [16], epochs: 6, verbose: 0, seed: 3 },
    ...options,
  });

/** The probabilities (N, C) of a head's graph for a data set. */
async function run({ fitted }: FitHeadResult, data: Dataset): Promise<Float32Array> {
  const g = new GraphBuilder('head');
  const embedding = g.input('embedding', 'float32', ['N', features]);
  g.output('probabilities', writeHead(g, embedding, fitted), 'float32', ['N', data.classes.length]);
  const session = await engine.load(encodeModel({ graph: g.build(), opset: 18 }));
  const { probabilities } = await session.run({ embedding: toArrays(data, 1).x });
  await session.release();
  return probabilities!.data as Float32Array;
}

function parts(t: ExecutionContext, { fitted }: FitHeadResult, dense: boolean, logistic: boolean): void {
  t.is(fitted.dense !== null, dense);
  t.is(fitted.logistic !== null, logistic);
}

test('few pictures get logistic regression, many the mean of both heads, and each can be asked for', async (t) => {
  parts(t, await fit(pictures([4, 4, 4])), false, true);
  const many = pictures([12, 12, 12]);
  parts(t, await fit(many), true, true);
  parts(t, await fit(many, { head: 'article' }), true, false);
  parts(t, await fit(many, { head: 'logistic' }), false, true);
});

test('every picture is judged once by heads that have not seen it', async (t) => {
  const training = pictures([20, 20, 20]);
  const { leftOut, evaluation } = await fit(training);
  t.deepEqual(
    leftOut.map(({ picture }) => picture.path).sort(),
    training.pictures.map(({ path }) => path).sort(),
  );
  t.deepEqual(
    evaluation,
    evaluatePredictions(
      training.classes,
      leftOut.map(({ picture, probabilities }) => ({ label: picture.label, probabilities })),
    ),
  );
  for (const { probabilities } of leftOut)
    assertClose(t, [probabilities.reduce((a, b) => a + b)], [1], { label: 'sum' });
  t.true(evaluation!.accuracy > 0.6 && evaluation!.accuracy < 1, `${evaluation!.accuracy}`);
});

test('what is told of the pictures left out is true of others, too', async (t) => {
  const result = await fit(pictures([60, 60, 60]));
  const others = pictures([200, 200, 200], 2, 1);
  const probabilities = await run(result, others);
  const { accuracy, loss } = evaluatePredictions(
    others.classes,
    others.pictures.map(({ label }, row) => ({
      label,
      probabilities: probabilities.subarray(row * 3, row * 3 + 3),
    })),
  );
  t.true(
    Math.abs(accuracy - result.evaluation!.accuracy) < 0.08,
    `${accuracy} ${result.evaluation!.accuracy}`,
  );
  t.true(Math.abs(loss - result.evaluation!.loss) < 0.12, `${loss} ${result.evaluation!.loss}`);
});

test('with validation pictures, the graph says of them what was told', async (t) => {
  const validation = pictures([10, 10, 10], 5, 1);
  for (const prior of ['data', 'flat'] as const) {
    const result = await fit(pictures([30, 12, 12]), { validation, prior });
    t.is(result.leftOut.length, 30);
    t.true(result.fitted.dense!.temperature >= 1);
    assertClose(
      t,
      await run(result, validation),
      result.leftOut.flatMap(({ probabilities }) => [...probabilities]),
      { label: prior, absolute: 1e-5 },
    );
  }
});

test('folds change how sure the head is and nothing else; without them nothing is told', async (t) => {
  const training = pictures([15, 15, 15]);
  const [with3, without, again] = [
    await fit(training),
    await fit(training, { folds: 0 }),
    await fit(training),
  ];
  t.is(without.evaluation, null);
  t.is(without.fitted.dense!.temperature, 1);
  t.deepEqual(without.fitted.dense!.model.getWeights(), with3.fitted.dense!.model.getWeights());
  t.deepEqual(without.fitted.logistic, with3.fitted.logistic);
  t.deepEqual(again.leftOut, with3.leftOut);
  t.is(again.fitted.dense!.temperature, with3.fitted.dense!.temperature);
});

test('a flat prior recognises more of a class that has few pictures', async (t) => {
  const training = pictures([60, 60, 12]);
  const others = pictures([100, 100, 100], 7, 1);
  const recall = async (prior: 'data' | 'flat') => {
    const probabilities = await run(await fit(training, { prior }), others);
    const predictions = others.pictures.map(({ label }, row) => ({
      label,
      probabilities: probabilities.subarray(row * 3, row * 3 + 3),
    }));
    return evaluatePredictions(others.classes, predictions).classes[2]!.recall;
  };
  const [data, flat] = [await recall('data'), await recall('flat')];
  t.true(flat > data + 0.1, `${data} → ${flat}`);
});

test('one picture a class is enough for a head, and nothing is told of it', async (t) => {
  const result = await fit(pictures([1, 1, 1]));
  parts(t, result, false, true);
  t.is(result.evaluation, null);
  t.is(result.energies.size, 0);
});
