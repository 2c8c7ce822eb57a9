import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ortNode } from '../../src/engine/ort-node.js';
import { float32, sizeOf, tensor } from '../../src/graph/tensor.js';
import type { Model } from '../../src/keras/models/model.js';
import { loadModel, modelFromJson } from '../../src/keras/saving/index.js';
import { formatSummary } from '../../src/keras/summary.js';
import { convertModel } from '../../src/transfer/convert/convert.js';
import { assertClose } from '../compare.js';
import { pythonScript } from './python.js';
import { exhibits } from './saving-zoo.js';

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

/** Keras 3 and Keras 2, by the names of their modules. */
const modules = ['keras', 'tf_keras'] as const;
type Keras = (typeof modules)[number];

/** Asks Python, with one of them, to answer a list of requests. */
const pythons = {
  keras: pythonScript('saving.py', 'keras'),
  tf_keras: pythonScript('saving.py', 'tf_keras'),
};
const ask = <T>(module: Keras, requests: readonly object[]): Promise<T[]> => pythons[module](requests);

/** What `samples` of saving.py makes; of pictures the levels, too. */
function samples({ shape, classes, inputs }: Pick<Made, 'shape' | 'classes' | 'inputs'>) {
  const isPictures = shape.length === 3;
  const count = isPictures ? (shape[0]! <= 128 ? 6 : 2) : 14;
  const size = sizeOf(shape);
  const sines = Float64Array.from({ length: count * size }, (_, i) => Math.sin(i * 1.7));
  const levels = Uint8Array.from(isPictures ? sines : [], (value) => Math.floor((value + 1) * 127.5));
  const values = isPictures
    ? Float32Array.from(levels, (level) => level / 127.5 - 1)
    : Float32Array.from(sines);
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
    levels: tensor('uint8', levels, isPictures ? x.dims : [0]),
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

const small = [
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

/**
 * MobileNets of every width, and of pictures of every size, with either Keras: those above have the least of both. A
 * width does not depend on a size, so that each of both is enough.
 */
const wide = {
  keras: ['nested-0.5-160', 'nested-0.75-192', 'nested-1.0-224', 'mobilenet_v2-1.0-160'],
  tf_keras: ['flattened-0.5-192', 'flattened-0.75-224', 'flattened-1.0-160'],
} as const;

/** Weights alone of these; in a flattened network layers follow each other as in the others. */
const withWeights = small.filter((name) => name !== 'flattened' && name !== 'mobilenet_v2');

/** Keras's files lie in a folder of its name. */
let folder: string;
const made: Record<Keras, Map<string, Made>> = { keras: new Map(), tf_keras: new Map() };

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saving-'));
  const makeAll = async (module: Keras) => {
    const names = [...small, ...wide[module]];
    const weights = module === 'keras' ? ['weights.h5'] : ['weights.h5', 'old.h5'];
    await mkdir(join(folder, module));
    const requests = names.map((name) => ({
      do: 'make',
      name,
      folder: join(folder, module),
      formats: ['h5', 'keras', ...(withWeights.includes(name) ? weights : [])],
    }));
    const results = await ask<Made>(module, requests);
    for (const [i, result] of results.entries()) made[module].set(names[i]!, result);
  };
  await Promise.all(modules.map(makeAll));
});

test.after.always(() => rm(folder, { recursive: true, force: true }));

/** Dropout draws other numbers here than there. */
const withoutHistory = <T extends Outcome>(name: string, outcome: T): T =>
  name === 'dropout' ? { ...outcome, history: {} } : outcome;

for (const [module, title] of [
  ['keras', "Keras 3's"],
  ['tf_keras', "Keras 2's"],
] as const) {
  /** What Python found; Keras 2's tables look otherwise. */
  const expectedOf = (name: string): Outcome => {
    const outcome = withoutHistory(name, made[module].get(name)!);
    return module === 'keras' ? outcome : { ...outcome, summary: '' };
  };

  for (const format of ['keras', 'h5'])
    test.serial(`${title} .${format} files predict the same here, and training goes on`, async (t) => {
      for (const [name, from] of made[module]) {
        const model = await loadModel(join(folder, module, `${name}.${format}`));
        assertSame(t, await describe(model, from), expectedOf(name), name);
      }
    });

  test.serial(`${title} .weights.h5 go into the same model, with the optimizer's state`, async (t) => {
    for (const name of withWeights) {
      const model = await loadModel(join(folder, module, `${name}.keras`));
      for (const weight of model.weights) weight.assign(weight.value.map(() => 0.5));
      model.optimizer.iterations = 0;
      await model.loadWeights(join(folder, module, `${name}.weights.h5`));
      assertSame(t, await describe(model, made[module].get(name)!), expectedOf(name), name);
    }
  });

  test.serial(`${title} .h5 files give their weights to layers in order, and by name`, async (t) => {
    const endings = module === 'keras' ? ['h5'] : ['h5', 'old.h5'];
    for (const name of withWeights) {
      const from = made[module].get(name)!;
      const model = await loadModel(join(folder, module, `${name}.keras`), { compile: false });
      const expected = model.getWeights();
      for (const ending of endings)
        for (const byName of [false, true]) {
          for (const weight of model.weights) weight.assign(weight.value.map(() => 0.5));
          await model.loadWeights(join(folder, module, `${name}.${ending}`), { byName });
          t.deepEqual(model.getWeights(), expected, `${name}.${ending} of ${from.shape}`);
        }
    }
  });

  test.serial(`${title} files are ONNX files that onnxruntime runs alike`, async (t) => {
    const engine = await ortNode({ provider: 'cpu', threads: 2 });
    for (const [name, from] of made[module]) {
      const out = join(folder, 'converted.onnx');
      const labels = Array.from({ length: from.classes }, (_, i) => `class ${i}`);
      await convertModel({ input: join(folder, module, `${name}.h5`), out, labels });
      const session = await engine.load(await readFile(out));
      const { x, levels } = samples(from);
      // Classifiers of pictures scale them themselves.
      const inputs = from.shape.length === 3 ? [levels] : x;
      const outputs = await session.run(
        Object.fromEntries(session.inputNames.map((input, i) => [input, inputs[i]!])),
      );
      const [output] = Object.values(outputs);
      await session.release();
      assertClose(t, Array.from(output!.data, Number), from.predictions, {
        label: name,
        relative: 0,
        absolute: 1e-5,
      });
    }
  });
}

test.serial("models of Keras's JSON are written as Keras writes them", async (t) => {
  for (const name of small) {
    const { json } = made.keras.get(name)!;
    const { compile_config, ...config } = JSON.parse(json);
    const { compile_config: _, ...ours } = JSON.parse(modelFromJson(json).toJson());
    t.deepEqual(plain(ours), plain(config), name);
    const model = await loadModel(join(folder, 'keras', `${name}.keras`));
    const { optimizer, ...rest } = compile_config;
    const { optimizer: ourOptimizer, ...ourRest } = JSON.parse(model.toJson()).compile_config;
    t.deepEqual(plain(ourRest), plain(rest), name);
    if (optimizer) t.deepEqual(plain(ourOptimizer), plain(optimizer), name);
  }
});

test.serial('our files open in Keras 3, predict the same, and train on', async (t) => {
  const requests: object[] = [];
  const expected: [string, Outcome][] = [];
  for (const [name, from] of made.keras) {
    const model = await loadModel(join(folder, 'keras', `${name}.keras`));
    const path = (ending: string) => join(folder, `${name}.${ending}`);
    await model.save(path('keras'));
    await model.save(path('h5'));
    await model.saveWeights(path('old.h5'));
    await model.saveWeights(path('weights.h5'));
    const outcome = withoutHistory(name, await describe(model, from));
    const { shape, classes } = from;
    requests.push({ do: 'load', path: path('keras'), shape, classes });
    expected.push([`${name}.keras`, outcome]);
    // Of the large ones, Keras 2 opens the .h5 files.
    if (!small.includes(name)) continue;
    requests.push({ do: 'load', path: path('h5'), weights: path('old.h5'), shape, classes });
    expected.push([`${name}.h5`, outcome]);
    if (!withWeights.includes(name)) continue;
    requests.push({ do: 'load_weights', name, paths: [path('old.h5'), path('weights.h5')] });
    // There the model has layers of other names.
    expected.push([`${name}.weights.h5`, { ...outcome, summary: '' }]);
  }
  for (const [i, result] of (await ask<Outcome & { each?: number[][] }>('keras', requests)).entries()) {
    const [label, outcome] = expected[i]!;
    // Python compares with loss and accuracy where the optimizer was made anew.
    const history = Object.fromEntries(
      Object.entries(outcome.history).filter(([key]) => !label.endsWith('.h5') || key in result.history),
    );
    assertSame(t, result, { ...outcome, history }, label);
    for (const predictions of result.each ?? [])
      assertSame(t, { ...result, predictions }, { ...outcome, history: {}, summary: '' }, label);
  }
});

test.serial('our .h5 files open in Keras 2, predict the same, and train on', async (t) => {
  const requests: object[] = [];
  const expected: [string, Outcome][] = [];
  for (const [name, from] of made.tf_keras) {
    const model = await loadModel(join(folder, 'tf_keras', `${name}.h5`));
    const path = (ending: string) => join(folder, `${name}.${ending}`);
    await model.save(path('h5'));
    await model.saveWeights(path('old.h5'));
    const { shape, classes } = from;
    requests.push({ do: 'load', path: path('h5'), weights: path('old.h5'), shape, classes });
    // Its own table is Keras 2's.
    const outcome = withoutHistory(name, { ...(await describe(model, from)), summary: from.summary });
    expected.push([`${name}.h5`, outcome]);
    if (!withWeights.includes(name)) continue;
    requests.push({ do: 'load_weights', name, paths: [path('old.h5')] });
    expected.push([`weights of ${name}`, { ...outcome, history: {}, summary: '' }]);
  }
  for (const [i, result] of (await ask<Outcome>('tf_keras', requests)).entries())
    assertSame(t, result, expected[i]![1], expected[i]![0]);
});

/** A table without the uses of layers, of which models within models have twice as many: see legacy-config.ts. */
const withoutUses = (summary: string): string => summary.replaceAll(/\[\d\](?=\[)/g, '[-]');

test.serial('whatever a .h5 file of ours names, either Keras knows', async (t) => {
  const requests: object[] = [];
  const expected: [string, Outcome][] = [];
  for (const { name, model, compile, classes, sparse = false } of exhibits()) {
    model.compile(compile);
    const path = join(folder, `exhibit-${name}.h5`);
    const shape = model.inputShape.slice(1) as number[];
    const { x, y } = samples({ shape, classes, inputs: 1 });
    const indices = Float32Array.from({ length: y.dims[0]! }, (_, i) => ((i * 7) % 5) % classes);
    const targets = sparse ? float32(indices, [indices.length, 1]) : y;
    await model.fit(x, targets, { epochs: 2, verbose: 0 });
    await model.save(path);
    const predictions = Array.from((await model.predict(x, { verbose: 0 })).data);
    const history = await model.evaluate(x, targets, { verbose: 0 });
    expected.push([name, { predictions, summary: formatSummary(model), history }]);
    await model.release();
    requests.push({ do: 'evaluate', path, shape, classes, sparse });
  }
  for (const module of modules)
    for (const [i, result] of (await ask<Outcome>(module, requests)).entries()) {
      const [name, outcome] = expected[i]!;
      const summary = module === 'keras' ? withoutUses(outcome.summary) : '';
      const found = { ...result, summary: withoutUses(result.summary) };
      assertSame(t, found, { ...outcome, summary }, `${name} in ${module}`);
    }
});

test.serial('Keras 3 trains on from no .h5 with slots, its own or ours, and Keras 2 does', async (t) => {
  const { shape, classes } = made.keras.get('dense_head')!;
  const path = join(folder, 'dense_head.h5');
  await (await loadModel(join(folder, 'keras', 'dense_head.keras'))).save(path);
  const paths = [path, join(folder, 'keras', 'dense_head.h5'), join(folder, 'tf_keras', 'dense_head.h5')];
  const requests = paths.map((file) => ({ do: 'train_on', path: file, shape, classes }));
  for (const complaint of await ask<string | null>('keras', requests))
    t.regex(
      complaint ?? 'no complaint',
      /^Unknown variable: .*This optimizer can only be called for the variables/,
    );
  t.deepEqual(await ask<string | null>('tf_keras', [requests[0]!]), [null]);
});
