/**
 * Loads thousands of damaged models and asserts that each loads or is refused with an error that says why: no crash,
 * no hang, no memory beyond bounds. `make fuzz`
 *
 *     node dist/tools/fuzz-models.js [--count 2000] [--seed 1] [--keep folder]
 *
 * Every model is loaded in a worker, so that a crash or hang is told apart from a refusal. With `--keep`, files that
 * break the loader are written there.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { createPool } from '../src/images/pool.js';
import { Functional } from '../src/keras/models/functional.js';
import { readArchive, writeArchive } from '../src/keras/saving/archive.js';
import { decodeKerasModel } from '../src/keras/saving/load.js';
import { loadWeightsFrom } from '../src/keras/saving/save.js';
import { decodeTfjsModel, tfjsWeightFiles } from '../src/keras/saving/tfjs-layers.js';

/** Milliseconds that a small model may take, however damaged. */
const timeout = 20_000;
/** Megabytes that the process may grow by. */
const mostGrowth = 1000;
const folder = 'test/golden/saving';

interface Mutant {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What became of a mutant: `loaded`, the name of an error that was meant, or `unexpected: …`. */
type Verdict = string;

/** The worker's entry. */
export const start = async () => {
  const sound = readFile(join(folder, 'keras-3.15.keras'));
  const { binary } = await tfjsModel();
  return async ({ name, bytes }: Mutant): Promise<Verdict> => {
    try {
      const quiet = { warn: () => {} };
      if (name.endsWith('.json')) {
        const text = new TextDecoder().decode(bytes);
        decodeTfjsModel(text, Object.fromEntries(tfjsWeightFiles(text).map((file) => [file, binary])));
      } else if (name.endsWith('.weights.h5'))
        await loadWeightsFrom(await decodeKerasModel(await sound), bytes, quiet);
      else await decodeKerasModel(bytes, quiet);
      return 'loaded';
    } catch (error) {
      const { name: kind, message } = error as Error;
      return ['ValueError', 'Hdf5FormatError', 'TfjsFormatError'].includes(kind)
        ? kind
        : `unexpected: ${kind}: ${message}`;
    }
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

type Random = (below: number) => number;

/** Whole numbers below a limit, the same for the same seed: mulberry32. */
function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Damages bytes: bits, bytes, lengths, pieces, the end. */
function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const out = bytes.slice();
  const kinds: (() => Uint8Array)[] = [
    () => {
      for (let n = 1 + random(40); n > 0; n--) out[random(out.length)]! ^= 1 << random(8);
      return out;
    },
    () => {
      for (let n = 1 + random(6); n > 0; n--)
        out[random(Math.min(2048, out.length))] = [0, 1, 0x7f, 0x80, 0xff][random(5)]!;
      return out;
    },
    () => out.subarray(0, random(out.length)),
    () => {
      const from = random(out.length);
      out.copyWithin(random(out.length), from, from + random(400));
      return out;
    },
    () => {
      // A length, or an address.
      new DataView(out.buffer).setBigUint64(random(out.length - 8), BigInt(2 ** random(53)), true);
      return out;
    },
    () => {
      const junk = Array.from({ length: random(300) }, () => random(256));
      const at = random(out.length);
      return Uint8Array.from([...out.subarray(0, at), ...junk, ...out.subarray(at)]);
    },
  ];
  return kinds[random(kinds.length)]!();
}

const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e9,
  1e308,
  2 ** 53,
  '',
  '../../etc/passwd',
  'x'.repeat(10_000),
  '__proto__',
  [],
  {},
  [[]],
  JSON.parse('{"__proto__": {"polluted": true}}'),
  JSON.parse(`${'['.repeat(400)}${']'.repeat(400)}`),
  ['dense', 0, 0],
];

/** Puts a hostile value, or one from elsewhere in it, into a configuration. */
function poison(config: string, random: Random): string {
  if (random(20) === 0) return `{"class_name": ${'['.repeat(random(200_000))}`;
  const root = JSON.parse(config);
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      visit((value as Record<string, unknown>)[key]);
    }
  };
  visit(root);
  for (let n = 1 + random(3); n > 0; n--) {
    const [holder, key] = places[random(places.length)]!;
    const [other, from] = places[random(places.length)]!;
    if (random(4) === 0) delete holder[key];
    else
      holder[key] =
        random(3) === 0 ? JSON.parse(JSON.stringify(other[from] ?? null)) : hostile[random(hostile.length)];
  }
  return JSON.stringify(root);
}

function mutate({ name, bytes }: Mutant, index: number, random: Random): Mutant {
  if (name.endsWith('.json') && random(3) > 0) {
    const text = poison(new TextDecoder().decode(bytes), random);
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
      ...(inner ? { weights: damage(archive.weights, random) } : { config: poison(archive.config, random) }),
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
  seeds.push({ name: 'model.json', bytes: (await tfjsModel()).json });
  function* mutants(): Generator<Mutant> {
    for (let i = 0; i < Number(values.count); i++) yield mutate(seeds[i % seeds.length]!, i, random);
  }

  await using pool = await createPool<Mutant, Verdict>({
    entry: new URL(import.meta.url),
    setup: {},
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
