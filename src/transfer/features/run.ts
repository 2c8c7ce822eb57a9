import { createPool, type Outcome } from '#platform';
import { resizeModel } from '../../classifier/resize-model.js';
import type { Session } from '../../engine/engine.js';
import { joinFloats } from '../../graph/rows.js';
import { defaultMaxPixels } from '../../images/limits.js';
import type { ExtractOptions } from './extract.js';
import type { Extracted, Picture, WorkerSetup } from './features-worker.js';

/** Pictures that go to a GPU together; always as many, since cuDNN plans anew for each size. */
const gpuBatch = 32;

type RunOutcome = { picture: Picture } & ({ rows: Float32Array } | { error: Error });
type Run = ((pictures: AsyncIterable<Picture>) => AsyncIterable<RunOutcome>) & { close(): Promise<void> };

/**
 * Starts the threads. What it returns turns pictures into embeddings, in any order.
 *
 * @throws the engine's own error where it cannot load the backbone
 */
export async function openRun(options: ExtractOptions): Promise<Run> {
  const { engine, preprocessing, maxPixels = defaultMaxPixels, seed = 0, detector = null } = options;
  const inThreads = engine.provider === 'cpu' || engine.name === 'js';
  const setup: WorkerSetup = {
    engine: engine.name,
    preprocessing,
    maxPixels,
    seed,
    resizeModel: resizeModel(preprocessing.size),
    backboneModel: inThreads ? options.backbone : null,
    detectorModel: detector,
  };
  const entry = new URL('./features-worker.js', import.meta.url);
  const pool = await createPool<Picture, Extracted>({ entry, setup, workers: options.workers });
  const session = inThreads ? null : await engine.load(options.backbone);

  async function* run(pictures: AsyncIterable<Picture>): AsyncGenerator<RunOutcome> {
    const prepared = pool.map(pictures, { ordered: false });
    if (session) yield* embedInBatches(prepared, session, options);
    else
      for await (const outcome of prepared)
        yield outcome.ok
          ? { picture: outcome.item, rows: outcome.value.rows as Float32Array }
          : { picture: outcome.item, error: outcome.error };
  }
  const close = async () => {
    await pool.close();
    await session?.release();
  };
  return Object.assign(run, { close });
}

/** Gathers pixels from the threads until a batch is full; the last one is padded. */
async function* embedInBatches(
  prepared: AsyncIterable<Outcome<Picture, Extracted>>,
  session: Session,
  { preprocessing, features }: ExtractOptions,
): AsyncGenerator<RunOutcome> {
  const [height, width] = preprocessing.size;
  const length = height * width * 3;
  let waiting: { picture: Picture; pixels: Uint8Array; rows: Float32Array[] }[] = [];
  const batch = new Uint8Array(gpuBatch * length);
  let filled: { rows: Float32Array[] }[] = [];
  const flush = async () => {
    const { embedding } = await session.run({
      pixels: { type: 'uint8', dims: [gpuBatch, height, width, 3], data: batch },
    });
    for (const [i, { rows }] of filled.entries())
      rows.push((embedding!.data as Float32Array).slice(i * features, (i + 1) * features));
    filled = [];
  };
  const finished = () => {
    const done = waiting.filter(({ picture, rows }) => rows.length === picture.views.length);
    waiting = waiting.filter(({ picture, rows }) => rows.length < picture.views.length);
    return done.map(({ picture, rows }) => ({ picture, rows: joinFloats(rows) }));
  };
  for await (const outcome of prepared) {
    if (!outcome.ok) {
      yield { picture: outcome.item, error: outcome.error };
      continue;
    }
    const entry = { picture: outcome.item, pixels: outcome.value.rows as Uint8Array, rows: [] };
    waiting.push(entry);
    for (let view = 0; view < outcome.item.views.length; view++) {
      batch.set(entry.pixels.subarray(view * length, (view + 1) * length), filled.length * length);
      filled.push(entry);
      if (filled.length === gpuBatch) await flush();
    }
    yield* finished();
  }
  if (filled.length > 0) await flush();
  yield* finished();
}
