import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { ortNode } from '../../src/engine/ort-node.js';
import { extractFeatures } from '../../src/features/extract.js';
import { resizeModel } from '../../src/features/resize-model.js';
import { decodeImage } from '../../src/images/decode.js';
import { listImages } from '../../src/images/folder.js';
import { type Preparation, prepare } from '../../src/transfer/preparation.js';
import { silent } from '../../src/transfer/reporter.js';
import { byTurns, median, medianRatio, processorSeconds } from './measure.js';
import { drawPhotos } from './photos.js';
import { type BenchOptions, type Row, type Section, short } from './row.js';

/** How well features keep all cores busy, on photos given and on large ones. */
export async function features({ quick, photos, room }: BenchOptions): Promise<Section> {
  const preparation = await prepare({ weights: 'vggface2', crop: 'none' }, silent);
  const { images } = await listImages(photos);
  const given = images.map(({ path }) => path);
  const large = await drawPhotos(join(room, 'large'), { count: quick ? 3 : 96, width: 1280, height: 960 });
  const rows: Row[] = [];
  for (const [name, paths] of [
    [photos, quick ? given.slice(0, 4) : given],
    ['1280×960 JPEGs', large],
  ] as const)
    rows.push(...(await measure(name, paths, preparation, { quick, room })));
  return {
    title: 'Features',
    about:
      'Use of the cores: processor seconds of decoding, resizing and embedding every picture on one thread and alone, over cores × wall ' +
      'seconds of extractFeatures with an empty cache, the start of its threads included. Weights vggface2, no crop, one view. ' +
      'Two workers against one: how much of a second core arrives.',
    rows,
  };
}

async function measure(
  name: string,
  paths: readonly string[],
  preparation: Preparation,
  { quick, room }: Pick<BenchOptions, 'quick' | 'room'>,
): Promise<Row[]> {
  const cores = availableParallelism();
  const engine = await ortNode({ provider: 'cpu' });
  let run = 0;
  const extract = (workers: number) => async () => {
    const cache = join(room, `cache-${name.replaceAll(/\W/g, '-')}-${run++}`);
    const began = performance.now();
    await extractFeatures(paths, {
      engine,
      preprocessing: preparation.preprocessing,
      backbone: preparation.backboneModel,
      features: preparation.backbone.features,
      cache,
      workers,
    });
    return (performance.now() - began) / 1000;
  };
  const alone = await aloneOnOneThread(preparation);
  const seconds = await byTurns(
    {
      all: extract(cores),
      alone: () => alone(paths),
      ...(cores === 1 ? {} : { one: extract(1) }),
      ...(cores === 2 || cores === 1 ? {} : { two: extract(2) }),
    } as {
      all: () => Promise<number>;
      alone: () => Promise<number>;
      one?: () => Promise<number>;
      two?: () => Promise<number>;
    },
    quick ? 1 : 3,
  );
  const use = median(seconds.alone.map((spent, round) => spent / (cores * seconds.all[round]!)));
  const rate = (taken: readonly number[]) => `${short(paths.length / median(taken))}/s`;
  const two = cores === 2 ? seconds.all : seconds.two;
  return [
    {
      name: `use of ${cores} cores, ${name}`,
      ours: rate(seconds.all),
      other: `${short((1000 * median(seconds.alone)) / paths.length)} ms each`,
      result: short(use),
      target: '≥ 0.8',
      reached: use >= 0.8,
    },
    ...(two && seconds.one
      ? [
          {
            name: `2 workers against 1, ${name}`,
            ours: rate(two),
            other: rate(seconds.one),
            result: `${short(medianRatio(seconds.one, two))}×`,
          },
        ]
      : []),
  ];
}

/** Does what the workers do, one step after the other. @returns a function that returns processor seconds */
async function aloneOnOneThread({ preprocessing, backboneModel }: Preparation) {
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const resizer = await engine.load(resizeModel(preprocessing.size));
  const backbone = await engine.load(backboneModel);
  return async (paths: readonly string[]): Promise<number> => {
    const threads = sharp.concurrency();
    sharp.concurrency(1);
    const spent = await processorSeconds(async () => {
      for (const path of paths) {
        const { width, height, data } = await decodeImage(await readFile(path));
        const { resized } = await resizer.run({
          pixels: { type: 'uint8', dims: [1, height, width, 3], data },
        });
        await backbone.run({ pixels: resized! });
      }
    });
    sharp.concurrency(threads);
    return spent;
  };
}
