import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { float32, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import type { Model } from '../../src/keras/models/model.js';
import { loadModel, modelFromJson } from '../../src/keras/saving/index.js';
import { formatSummary } from '../../src/keras/summary.js';
import { assertClose } from '../compare.js';

interface Outcome {
  readonly predictions: readonly number[];
  readonly summary: string;
  readonly history: Readonly<Record<string, number>>;
}

interface Made extends Outcome {
  readonly json: string;
  readonly shape: readonly number[];
  readonly classes: number;
  readonly inputs: number;
}

/** Asks Python, `keras` or `tf_keras`; `null` where that is not installed. */
function ask<T>(module: 'keras' | 'tf_keras', requests: readonly object[]): T[] | null {
  const python =
    (module === 'tf_keras' ? process.env.TF_KERAS_PYTHON : undefined) ??
    process.env.KERAS_PYTHON ??
    '.venv/bin/python';
  const { stdout, stderr, status } = spawnSync(python, ['test/keras/saving.py', module], {
    input: JSON.stringify(requests),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status === 0) return JSON.parse(stdout);
  if (module === 'tf_keras' && stderr.includes("No module named 'tf_keras'")) return null;
  throw new Error(`${module} failed: ${stderr.slice(-4000)}`);
}

/** What `samples` of saving.py makes. */
function samples({ shape, classes, inputs }: Made): { x: Tensor<'float32'>[]; y: Tensor<'float32'> } {
  const count = shape.length === 3 ? 6 : 14;
  const size = sizeOf(shape);
  const values = Float32Array.from({ length: count * size }, (_, i) => Math.sin(i * 1.7));
  const x = float32(values, [count, ...shape]);
  const turned = Float32Array.from(
    values,
    (_, i) => values[(count - 1 - Math.floor(i / size)) * size + (i % size)]!,
  );
  const y = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) y[i * classes + ((((i * 7) % 5) % classes) as number)] = 1;
  return {
    x: inputs === 2 ? [x, float32(turned, x.dims)] : [x],
    y: float32(y, [count, classes]),
  };
}

/** What `describe` of saving.py tells. */
async function describe(model: Model, made: Made): Promise<Outcome> {
  const { x, y } = samples(made);
  const predictions = Array.from((await model.predict(x, { verbose: 0 })).data);
  const summary = formatSummary(model, { optimizer: model.compilation?.optimizer });
  if (!model.compilation) return { predictions, summary, history: {} };
  const { history } = await model.fit(x, y, { batchSize: 4, epochs: 1, shuffle: false, verbose: 0 });
  await model.release();
  return {
    predictions,
    summary,
    history: Object.fromEntries(Object.entries(history).map(([key, values]) => [key, values[0]!])),
  };
}

function assertSame(t: ExecutionContext<unknown>, actual: Outcome, expected: Outcome, label: string) {
  // Values lie between 0 and 1; both sides add up in single precision.
  assertClose(t, actual.predictions, expected.predictions, { label, relative: 0, absolute: 1e-5 });
  if (expected.summary) t.is(actual.summary.trimEnd(), expected.summary.trimEnd(), label);
  for (const [key, value] of Object.entries(expected.history))
    assertClose(t, [actual.history[key]!], [value], {
      label: `${label} ${key}`,
      relative: 1e-4,
      absolute: 1e-6,
    });
}

/** The parts of a configuration that differ from run to run, or say nothing. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key]) =>
          ![
            'shared_object_id',
            'input_axes',
            'output_axes',
            'quantization_config',
            'kwargs',
            'build_config',
          ].includes(key),
      )
      .map(([key, item]) => [key, plain(item)]),
  );
}

const names = [
  'dense_head',
  'wide_head',
  'functional',
  'adamw',
  'sgd',
  'scheduled',
  'dropout',
  'shared',
  'pictures',
  'nested',
  'nested_in_sequential',
  'flattened',
  'mobilenet_v2',
];

let folder: string;
let made: Map<string, Made>;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saving-'));
  const requests = names.map((name) => ({
    do: 'make',
    name,
    folder,
    formats: ['h5', 'keras', 'weights.h5'],
  }));
  made = new Map(ask<Made>('keras', requests)!.map((result, i) => [names[i]!, result]));
});

test.after.always(() => rm(folder, { recursive: true, force: true }));

/** Dropout draws other numbers here than there. */
const withoutHistory = <T extends Outcome>(name: string, outcome: T): T =>
  name === 'dropout' ? { ...outcome, history: {} } : outcome;

for (const format of ['keras', 'h5'])
  test.serial(`Keras's .${format} files predict the same here, and training goes on`, async (t) => {
    for (const name of names) {
      const expected = made.get(name)!;
      const model = await loadModel(join(folder, `${name}.${format}`));
      assertSame(t, await describe(model, expected), withoutHistory(name, expected), name);
    }
  });

test.serial("models of Keras's JSON are written as Keras writes them", async (t) => {
  for (const name of names) {
    const { json } = made.get(name)!;
    const { compile_config, ...config } = JSON.parse(json);
    const { compile_config: _, ...ours } = JSON.parse(modelFromJson(json).toJson());
    t.deepEqual(plain(ours), plain(config), name);
    const model = await loadModel(join(folder, `${name}.keras`));
    const { optimizer, ...rest } = compile_config;
    const { optimizer: ourOptimizer, ...ourRest } = JSON.parse(model.toJson()).compile_config;
    t.deepEqual(plain(ourRest), plain(rest), name);
    if (optimizer) t.deepEqual(plain(ourOptimizer), plain(optimizer), name);
  }
});

test.serial("Keras's .weights.h5 go into the same model, with the optimizer's state", async (t) => {
  for (const name of names) {
    const expected = made.get(name)!;
    const model = await loadModel(join(folder, `${name}.keras`));
    for (const weight of model.weights) weight.assign(weight.value.map(() => 0.5));
    model.optimizer.iterations = 0;
    await model.loadWeights(join(folder, `${name}.weights.h5`));
    assertSame(t, await describe(model, expected), withoutHistory(name, expected), name);
  }
});

test.serial('our files open in Keras, predict the same, and train on', async (t) => {
  const requests: object[] = [];
  const expected: [string, Outcome][] = [];
  for (const name of names) {
    const from = made.get(name)!;
    const model = await loadModel(join(folder, `${name}.keras`));
    for (const ending of ['keras', 'h5', 'weights.h5']) {
      const path = join(folder, `ours-${name}.${ending}`);
      await (ending === 'weights.h5' ? model.saveWeights(path) : model.save(path));
      requests.push(
        ending === 'weights.h5'
          ? { do: 'load_weights', name, path }
          : { do: 'load', path, shape: from.shape, classes: from.classes },
      );
    }
    const old = join(folder, `ours-${name}-old.h5`);
    await model.saveWeights(old);
    requests.push({ do: 'load_weights', name, path: old });
    const outcome = withoutHistory(name, await describe(model, from));
    for (const ending of ['keras', 'h5']) expected.push([`${name}.${ending}`, outcome]);
    // There the model has layers of other names.
    expected.push([`${name}.weights.h5`, { ...outcome, summary: '' }]);
    expected.push([`${name}, weights of Keras 2's layout`, { ...outcome, history: {}, summary: '' }]);
  }
  const results = ask<Outcome>('keras', requests)!;
  for (const [i, [label, outcome]] of expected.entries()) {
    // Python compares with loss and accuracy; other metrics are left out where the optimizer was made anew.
    const { loss, accuracy } = outcome.history;
    const history: Record<string, number> =
      label.endsWith('.h5') && loss !== undefined ? { loss } : { ...outcome.history };
    if (accuracy !== undefined && 'accuracy' in (results[i]!.history ?? {})) history.accuracy = accuracy;
    assertSame(t, results[i]!, { ...outcome, history }, label);
  }
});

test.serial("Keras 2's files predict the same here, and training goes on", async (t) => {
  const keras2 = names.filter((name) => name !== 'wide_head');
  const requests = keras2.map((name) => ({
    do: 'make',
    name,
    folder,
    formats: ['h5', 'keras', 'weights.h5'],
  }));
  const results = ask<Made>('tf_keras', requests);
  if (!results) {
    t.log('tf_keras is not installed: name a Python that has it in TF_KERAS_PYTHON');
    t.pass();
    return;
  }
  for (const [i, name] of keras2.entries()) {
    const expected = withoutHistory(name, results[i]!);
    for (const format of ['keras', 'h5']) {
      const model = await loadModel(join(folder, `${name}.${format}`));
      assertSame(t, await describe(model, results[i]!), expected, `${name}.${format}`);
    }
    const model = await loadModel(join(folder, `${name}.keras`));
    for (const weight of model.weights) weight.assign(weight.value.map(() => 0.5));
    await model.loadWeights(join(folder, `${name}.weights.h5`));
    assertSame(t, await describe(model, results[i]!), expected, `${name}.weights.h5`);
  }
});

test.serial('MobileNets of every width go there and back', async (t) => {
  const wide = ['half', 'three_quarters', 'whole', 'whole_v2'];
  const formats = ['h5', 'keras'];
  const results = ask<Made>(
    'keras',
    wide.map((name) => ({ do: 'make', name, folder, formats })),
  )!;
  const requests: object[] = [];
  for (const [i, name] of wide.entries())
    for (const format of formats) {
      const { shape, classes } = results[i]!;
      const model = await loadModel(join(folder, `${name}.${format}`));
      const path = join(folder, `ours-${name}.${format}`);
      await model.save(path);
      requests.push({ do: 'load', path, shape, classes });
      assertSame(t, await describe(model, results[i]!), results[i]!, `${name}.${format}`);
    }
  for (const [i, outcome] of ask<Outcome>('keras', requests)!.entries())
    assertSame(
      t,
      results[Math.floor(i / 2)]!,
      outcome,
      `ours of ${wide[Math.floor(i / 2)]}.${formats[i % 2]}`,
    );
});
