/**
 * Damages the cache of features, kills `features` at any moment, and asserts that later runs use the computed features
 * alone, and that nothing is left behind. `make fuzz`
 *
 *     node dist/tools/fuzz-cache.js [--damages 22] [--kills 20] [--seed 1]
 */
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { ortNode } from '../src/engine/ort-node.js';
import { GraphBuilder } from '../src/graph/builder.js';
import { encodeModel } from '../src/graph/onnx.js';
import { normalisePixels, tfScaling } from '../src/graph/preprocessing.js';
import {
  type ExtractOptions,
  type ExtractResult,
  extractFeatures,
} from '../src/transfer/features/extract.js';
import { type CacheDamage, cacheDamages } from './fuzz/cache-damage.js';
import { oneOf, type Random, seeded } from './fuzz/damage.js';

const size = [32, 32] as const;

/** The mean of each colour over parts of the picture: a backbone that takes no time. */
function smallBackbone(): Uint8Array {
  const g = new GraphBuilder('parts');
  const pixels = g.input('pixels', 'uint8', ['N', ...size, 3]);
  const shape = { kernel_shape: [8, 8], strides: [8, 8] };
  const pooled = g.op('AveragePool', [normalisePixels(g, pixels, tfScaling)], shape);
  g.output('embedding', g.op('Flatten', [pooled], { axis: 1 }), 'float32', ['N', 48]);
  return encodeModel({ graph: g.build(), opset: 13 });
}

/** Two folders of noise, each picture another. */
async function drawNoise(folder: string, count: number, random: Random): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const of = join(folder, i % 2 === 0 ? 'even' : 'odd');
    await mkdir(of, { recursive: true });
    const pixels = Uint8Array.from({ length: 48 * 48 * 3 }, () => random(256));
    const path = join(of, `${i}.png`);
    await sharp(pixels, { raw: { width: 48, height: 48, channels: 3 } })
      .png()
      .toFile(path);
    paths.push(path);
  }
  return paths;
}

/** Damages the cache in each way, over and over, and extracts from it. @returns how often something wrong was used */
async function tryDamages(count: number, random: Random, room: string): Promise<number> {
  const paths = await drawNoise(join(room, 'noise'), 60, random);
  const cache = join(room, 'cache');
  const options: ExtractOptions = {
    engine: await ortNode({ provider: 'cpu' }),
    preprocessing: { size, crop: 'none', exif: true, ...tfScaling },
    backbone: smallBackbone(),
    features: 48,
    cache,
    workers: 1,
  };
  // Three parts, of which one is damaged.
  for (const end of [20, 40, 60]) await extractFeatures(paths.slice(0, end), options);
  const sound = await extractFeatures(paths, options);
  const [store = ''] = await readdir(cache);
  await signAsDead(join(cache, store));
  const keep = join(room, 'kept');
  await cp(cache, keep, { recursive: true });
  const kinds = Object.entries(cacheDamages) as [string, CacheDamage][];
  let failures = 0;
  for (let trial = 0; trial < count; trial++) {
    const [kind, damage] = kinds[trial % kinds.length] ?? oneOf(random, kinds);
    await rm(cache, { recursive: true });
    await cp(keep, cache, { recursive: true });
    await damage(join(cache, store), random);
    const first = await extractFeatures(paths, options);
    const second = await extractFeatures(paths, options);
    const parts = (await readdir(join(cache, store))).filter((name) => /\.(npy|json)$/.test(name)).length;
    const isSound = isSame(first, sound) && isSame(second, sound) && second.cached === 60 && parts % 2 === 0;
    const anew = 60 - first.cached;
    if (!isSound || anew === 0) failures++;
    console.log(`${isSound && anew > 0 ? 'ok  ' : 'FAIL'}  ${kind}: ${anew} of 60 computed anew`);
  }
  return failures;
}

/** Makes the files of a store those of a process that is no more: this one's are not removed while it runs. */
async function signAsDead(store: string): Promise<void> {
  const { pid } = spawnSync(process.execPath, ['--version']);
  for (const name of await readdir(store))
    await rename(join(store, name), join(store, name.replace(`.${process.pid}.`, `.${pid}.`)));
}

const isSame = (a: ExtractResult, b: ExtractResult): boolean => facts(a) === facts(b);
const facts = ({ pictures }: ExtractResult): string =>
  JSON.stringify(
    pictures.map(({ content, views, faces, flat }) => [content, views.map((view) => [...view]), faces, flat]),
  );

/** Kills `features` at random moments. @returns how often the files that it left were not usable */
async function tryKills(count: number, random: Random, room: string): Promise<number> {
  const pictures = join(room, 'pictures');
  await drawNoise(pictures, 80, random);
  const script = new URL('../src/cli/ort-transfer.js', import.meta.url).pathname;
  const [cache, out] = [join(room, 'killed'), join(room, 'out')];
  const extract = (to: string, from: string, life?: number) =>
    runFor(process.execPath, [script, 'features', pictures, ...flags, '--cache', from, '--out', to], life);
  const flags = ['--crop', 'none', '--provider', 'cpu'];
  await extract(join(room, 'reference'), join(room, 'reference cache'));
  const reference = await readAll(join(room, 'reference'));
  const began = performance.now();
  await extract(out, cache);
  const usual = performance.now() - began;
  let failures = 0;
  for (let trial = 0; trial < count; trial++) {
    // Every other run goes on with the cache of those before it.
    if (trial % 2 === 0) await rm(cache, { recursive: true, force: true });
    await rm(out, { recursive: true, force: true });
    const life = Math.round(usual * (0.15 + random(750) / 1000));
    const killed = await extract(out, cache, life);
    const code = await extract(out, cache);
    const remains = (await listAll(cache)).filter((name) => name.endsWith('.tmp'));
    const isPaired = (await listAll(cache)).filter((name) => /\.(npy|json)$/.test(name)).length % 2 === 0;
    const isWhole = code === 0 && (await readAll(out)) === reference;
    const isSound = isWhole && isPaired && remains.length === 0;
    if (!isSound) failures++;
    const end = killed === null ? `killed after ${life} ms` : `ended within ${life} ms`;
    console.log(`${isSound ? 'ok  ' : 'FAIL'}  ${end}${remains.length > 0 ? `, left ${remains}` : ''}`);
  }
  return failures;
}

const listAll = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true }).catch(() => [])).sort();

/** Every file in a folder, as one text. */
async function readAll(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(names.sort().map((name) => readFile(join(folder, name), 'base64')));
  return JSON.stringify([names, files]);
}

/** Runs a program, for so many milliseconds at most. @returns its exit code; `null` where it was killed */
function runFor(file: string, args: readonly string[], life?: number): Promise<number | null> {
  const child = spawn(file, args, { stdio: 'ignore' });
  const timer = life === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), life);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

const { values } = parseArgs({
  options: {
    damages: { type: 'string', default: '22' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const random = seeded(Number(values.seed));
const room = await mkdtemp(join(tmpdir(), 'fuzz-cache-'));
try {
  const [damages, kills] = [Number(values.damages), Number(values.kills)];
  const used = await tryDamages(damages, random, room);
  const lost = await tryKills(kills, random, room);
  console.log(
    `${damages} damages to the cache, ${used} used; ${kills} kills, ${lost} with losses; seed ${values.seed}`,
  );
  if (used + lost > 0) process.exitCode = 1;
} finally {
  await rm(room, { recursive: true, force: true });
}
