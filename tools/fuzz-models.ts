/**
 * Loads thousands of damaged models, of Keras, TF.js and ONNX, and asserts that each loads or is refused with an error
 * that says why: no crash, no hang, no memory beyond bounds, no file but those that were asked for. `make fuzz`
 *
 *     node dist/tools/fuzz-models.js [--count 2000] [--seed 1] [--keep folder]
 *
 * Every model is loaded in a worker, so that a crash or hang is told apart from a refusal. With `--keep`, files that
 * break the loader are written there.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { Functional } from '../src/keras/models/functional.js';
import { readArchive, writeArchive } from '../src/keras/saving/archive.js';
import { decodeKerasModel } from '../src/keras/saving/load.js';
import { loadWeightsFrom } from '../src/keras/saving/save.js';
import { decodeTfjsModel, tfjsWeightFiles } from '../src/keras/saving/tfjs-layers.js';
import { createPool } from '../src/platform/node/pool/pool.js';
import { damage, type Mutant, poisonJson, type Random, seeded } from './fuzz/damage.js';
import { hostileModels, mutateOnnx, onnxModels } from './fuzz/onnx-models.js';
import { createSandbox } from './fuzz/sandbox.js';

/** Milliseconds that a small model may take, however damaged. */
const timeout = 20_000;
/** Megabytes that the process may grow by: the HDF5 library believes a damaged length, up to its own limit of 2 GB. */
const mostGrowth = 2300;
const folder = 'test/golden/saving';

/** The outcome of a mutant: `loaded`, the name of an error for people, or `unexpected: …`. */
type Verdict = string;

/** Names of errors that tell a person the fault of a file. */
const meant: ReadonlySet<string> = new Set([
  'ExplainError',
  'Hdf5FormatError',
  'MetadataError',
  'OnnxFormatError',
  'OpsetError',
  'TfjsFormatError',
  'ValueError',
]);

/** The worker's entry. */
export const start = async ({ root }: { root: string }) => {
  const sound = readFile(join(folder, 'keras-3.15.keras'));
  const { binary } = await tfjsModel();
  const sandbox = await createSandbox(root);
  const read = async ({ name, bytes }: Mutant): Promise<void> => {
    if (name.endsWith('.json')) {
      const text = new TextDecoder().decode(bytes);
      decodeTfjsModel(text, Object.fromEntries(tfjsWeightFiles(text).map((file) => [file, binary])));
    } else await loadWeightsFrom(await decodeKerasModel(await sound), bytes, { warn: () => {} });
  };
  const outcomesOf = async (mutant: Mutant): Promise<(Error | null)[]> => {
    if (!mutant.name.endsWith('.json') && !mutant.name.endsWith('.weights.h5')) return sandbox.use(mutant);
    return [
      await read(mutant).then(
        () => null,
        (error: Error) => error,
      ),
    ];
  };
  return async (mutant: Mutant): Promise<Verdict> => {
    const outcomes = await outcomesOf(mutant);
    const strange = outcomes.find((error) => error && !meant.has(error.name));
    if (strange) return `unexpected: ${strange.name}: ${strange.message}`;
    return outcomes.includes(null) ? 'loaded' : outcomes[0]!.name;
  };
};

/** The model of a golden as TF.js stores it. */
async function tfjsModel(): Promise<{ json: Uint8Array; binary: Uint8Array }> {
  const bytes = await readFile(join(folder, 'keras-2.21.keras'));
  const model = await decodeKerasModel(bytes);
  const weights = model.layers
    .flatMap((layer) => (layer instanceof Functional ? layer.layers : [layer]))
    .flatMap((layer) => layer.weights.map((weight) => ({ layer, weight })));
  const manifest = weights.map(({ layer, weight }) => ({
    name: `${layer.name}/${weight.name}`,
    shape: weight.shape,
    dtype: 'float32',
  }));
  const { class_name, config } = JSON.parse(readArchive(bytes).config);
  const json = JSON.stringify({
    modelTopology: { model_config: { class_name, config } },
    weightsManifest: [{ paths: ['weights.bin'], weights: manifest }],
  });
  const values = Float32Array.from(weights.flatMap(({ weight }) => Array.from(weight.value)));
  return { json: new TextEncoder().encode(json), binary: new Uint8Array(values.buffer) };
}

function mutate({ name, bytes }: Mutant, index: number, random: Random): Mutant {
  if (name.endsWith('.onnx')) return { name: `${index}-${name}`, bytes: mutateOnnx(bytes, random) };
  if (name.endsWith('.json') && random(3) > 0) {
    const text = poisonJson(new TextDecoder().decode(bytes), random);
    return { name: `${index}-${name}`, bytes: new TextEncoder().encode(text) };
  }
  if (!name.endsWith('.keras') || random(3) === 0)
    return { name: `${index}-${name}`, bytes: damage(bytes, random) };
  const archive = readArchive(bytes);
  const inner = random(4) === 0;
  return {
    name: `${index}-${inner ? 'weights' : 'config'}-${name}`,
    bytes: writeArchive({
      ...archive,
      ...(inner
        ? { weights: damage(archive.weights, random) }
        : { config: poisonJson(archive.config, random) }),
    }),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      keep: { type: 'string' },
    },
  });
  const random = seeded(Number(values.seed));
  const names = (await readdir(folder)).filter((name) => /\.(h5|keras)$/.test(name)).sort();
  const seeds: Mutant[] = await Promise.all(
    names.map(async (name) => ({ name, bytes: new Uint8Array(await readFile(join(folder, name))) })),
  );
  seeds.push({ name: 'model.json', bytes: (await tfjsModel()).json }, ...(await onnxModels()));
  const hostile = hostileModels();
  function* mutants(): Generator<Mutant> {
    yield* hostile;
    for (let i = hostile.length; i < Number(values.count); i++)
      yield mutate(seeds[i % seeds.length]!, i, random);
  }

  const root = await mkdtemp(join(tmpdir(), 'fuzz-models-'));
  await using pool = await createPool<Mutant, Verdict>({
    entry: new URL(import.meta.url),
    setup: { root },
    timeout,
  });
  const counts = new Map<string, number>();
  const failures: { mutant: Mutant; verdict: string }[] = [];
  const startMemory = process.memoryUsage.rss() / 2 ** 20;
  let mostMemory = 0;
  for await (const outcome of pool.map(mutants())) {
    const verdict = outcome.ok ? outcome.value : `unexpected: ${outcome.error.message}`;
    const kind = verdict.startsWith('unexpected') ? 'unexpected' : verdict;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (kind === 'unexpected') failures.push({ mutant: outcome.item, verdict });
    mostMemory = Math.max(mostMemory, process.memoryUsage.rss() / 2 ** 20);
  }

  await rm(root, { recursive: true, force: true });
  for (const [kind, number] of [...counts].sort((a, b) => b[1] - a[1]))
    console.log(`${String(number).padStart(6)}  ${kind}`);
  const growth = mostMemory - startMemory;
  console.log(`${values.count} models, seed ${values.seed}; memory grew by ${growth.toFixed(0)} MB`);
  for (const { mutant, verdict } of failures.slice(0, 20)) console.error(`${mutant.name}: ${verdict}`);
  if (values.keep) {
    await mkdir(values.keep, { recursive: true });
    for (const { mutant } of failures) await writeFile(join(values.keep, mutant.name), mutant.bytes);
  }
  if (failures.length > 0 || growth > mostGrowth) process.exitCode = 1;
}

if (isMainThread) await main();
