import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { resizeModel } from '../../src/classifier/resize-model.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { decodeImage } from '../../src/platform/node/decode.js';
import { findImages } from '../../src/platform/node/folder.js';
import { extractFeatures } from '../../src/transfer/features/extract.js';
import { type Preparation, prepareBackbone } from '../../src/transfer/features/preparation.js';
import { silent } from '../../src/transfer/reporter.js';
import { inTurn, median, type Row } from './median.js';
import { drawPhoto, withComment } from './photos.js';

/** How many threads are shown beside each other. */
const workers = availableParallelism();

/** Fills a class folder with different JPEGs of 1280 × 960. */
export async function drawLargePhotos(folder: string, count: number): Promise<void> {
  await mkdir(join(folder, 'photos'), { recursive: true });
  for (let i = 0; i < count; i++)
    await writeFile(join(folder, 'photos', `${i}.jpg`), await drawPhoto(1280, 960, i));
}

/**
 * How much of the cores extraction uses: the processor seconds of decoding, resizing and embedding every picture,
 * alone and on one thread, over cores × seconds of `extractFeatures` with nothing in the cache, the start of its
 * threads included. Weights vggface2, no crop, one view.
 */
export async function benchFeatures({ photos, rounds }: { photos: string; rounds: number }): Promise<Row[]> {
  const { paths } = await findImages(photos);
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-bench-'));
  const engine = await ortNode({ provider: 'cpu' });
  const preparation = await prepareBackbone({ engine, weights: 'vggface2', crop: 'none' }, silent);
  let run = 0;
  const extract = (threads: number) => () =>
    extractFeatures(paths, {
      engine,
      preprocessing: preparation.preprocessing,
      backbone: preparation.backboneModel,
      features: preparation.backbone.features,
      cache: join(room, String(run++)),
      workers: threads,
    });
  const alone = await aloneOnOneThread(preparation);
  const spent: number[] = [];
  const busy: number[] = [];
  const measureBusy = async () => {
    const [began, before] = [performance.now(), process.cpuUsage()];
    await extract(workers)();
    const { user, system } = process.cpuUsage(before);
    busy.push((user + system) / 1000 / (workers * (performance.now() - began)));
  };
  try {
    const times = await inTurn(
      {
        one: extract(1),
        two: workers === 2 ? async () => {} : extract(2),
        all: measureBusy,
        alone: async () => spent.push(await alone(paths)),
      },
      rounds,
    );
    const two = workers === 2 ? times.all : times.two;
    const rate = (milliseconds: number) => `${((1000 * paths.length) / milliseconds).toFixed(1)} pictures/s`;
    const use = median(spent.slice(1)) / ((workers * times.all) / 1000);
    return [
      [`features of ${paths.length} photos in ${photos}`, rate(times.all)],
      [`  work alone / (${workers} cores × time), to be ≥ 0.8`, use.toFixed(2)],
      ['  cores busy, to be ≥ 0.9', median(busy.slice(1)).toFixed(2)],
      ['  1 worker', rate(times.one)],
      ['  2 workers', `${rate(two)}, ${(times.one / two).toFixed(2)}× as fast as 1`],
    ];
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

/** Does the work of the threads, one step after the other. @returns a function that returns processor seconds */
async function aloneOnOneThread({ preprocessing, backboneModel }: Preparation) {
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const resizer = await engine.load(resizeModel(preprocessing.size));
  const backbone = await engine.load(backboneModel);
  return async (paths: readonly string[]): Promise<number> => {
    const threads = sharp.concurrency();
    sharp.concurrency(1);
    const before = process.cpuUsage();
    for (const path of paths) {
      const { width, height, data } = await decodeImage(await readFile(path));
      const { resized } = await resizer.run({ pixels: { type: 'uint8', dims: [1, height, width, 3], data } });
      await backbone.run({ pixels: resized! });
    }
    const { user, system } = process.cpuUsage(before);
    sharp.concurrency(threads);
    return (user + system) / 1e6;
  };
}

/**
 * Peak memory of `ort-transfer features` with all its threads: small JPEGs, each another file by a comment in it, so
 * that nothing is found in the cache.
 */
export async function benchMemory({ count }: { count: number }): Promise<Row[]> {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-bench-'));
  try {
    await mkdir(join(room, 'photos/one'), { recursive: true });
    const different = await Promise.all(Array.from({ length: 200 }, (_, i) => drawPhoto(160, 120, i)));
    for (let i = 0; i < count; i++)
      await writeFile(
        join(room, `photos/one/${String(i).padStart(5, '0')}.jpg`),
        withComment(different[i % different.length]!, String(i)),
      );
    const began = performance.now();
    const peak = await peakMemory([
      ...['features', join(room, 'photos'), '--crop', 'none', '--provider', 'cpu'],
      ...['--cache', join(room, 'cache'), '--out', join(room, 'out')],
    ]);
    const seconds = (performance.now() - began) / 1000;
    return [
      [`peak memory, features of ${count} pictures`, `${peak.toFixed(0)} MB, to be ≤ 700 MB`],
      ['  at', `${(count / seconds).toFixed(1)} pictures/s`],
    ];
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

/** Runs the command line in a process of its own. @returns the most memory it ever held, in MB of 10⁶ bytes */
function peakMemory(args: readonly string[]): Promise<number> {
  const report = `import { isMainThread } from 'node:worker_threads';
    if (isMainThread) process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS));`;
  const script = fileURLToPath(new URL('../../src/cli/ort-transfer.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(report)}`, script, ...args],
      { maxBuffer: 1 << 26 },
      (error, _, stderr) => {
        const kibibytes = Number(/^peak (\d+)$/m.exec(stderr)?.[1]);
        if (error || Number.isNaN(kibibytes)) reject(error ?? new Error(stderr));
        else resolve((kibibytes * 1024) / 1e6);
      },
    );
    child.stderr?.pipe(process.stderr);
  });
}
