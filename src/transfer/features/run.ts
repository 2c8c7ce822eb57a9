/** Pictures to embeddings, on threads of the CPU or in batches on a GPU. */
import { createPool, type Outcome, requireModule } from '#platform';
import { resizeModel } from '../../classifier/resize-model.js';
import type { Engine, Session } from '../../engine/engine.js';
import { UserError } from '../../errors.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { joinFloats } from '../../graph/rows.js';
import { defaultMaxPixels } from '../../images/limits.js';
import type { Extracted, Picture, WorkerSetup } from './features-worker.js';
import { type PictureFacts, readSamePicture } from './picture.js';

export interface RunOptions {
  /** Decides between whole threads of the CPU and batches on a GPU. */
  readonly engine: Engine;
  /** Crop and size of the backbone's pictures. */
  readonly preprocessing: Preprocessing;
  /** The frozen network as ONNX, from `backboneModel`. */
  readonly backbone: Uint8Array;
  /** D, the length of an embedding. */
  readonly features: number;
  /** The face detector as ONNX, for `crop: 'face'`. Default: none. */
  readonly detector?: Uint8Array;
  /** Chooses the views beside the picture itself. Default: 0. */
  readonly seed?: number;
  /** The most pixels a picture may have. Default: 100 megapixels. */
  readonly maxPixels?: number;
  /** Threads. Default: as many as there are processors. */
  readonly workers?: number;
}

export type RunOutcome = { readonly picture: Picture } & (
  | ({ readonly rows: Float32Array } & PictureFacts)
  | { readonly error: Error }
);

/** Pictures that go to a GPU together; always as many, since cuDNN plans anew for each size. */
const gpuBatch = 32;

/**
 * Turns pictures into embeddings, in any order. Their bytes are handed over. Threads start with the first picture, so
 * that nothing starts where there is none.
 *
 * @throws the engine's own error where it cannot load the backbone
 */
export async function* embedPictures(
  pictures: AsyncGenerator<Picture>,
  options: RunOptions,
): AsyncGenerator<RunOutcome> {
  const first = await pictures.next();
  if (first.done) return;
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
  const entry = requireModule(
    () => new URL('./features-worker.js', import.meta.url),
    'transfer/features/features-worker.js',
  );
  const pool = await createPool<Picture, Extracted>({ entry, setup, workers: options.workers });
  let session: Session | null = null;
  try {
    session = inThreads ? null : await engine.load(options.backbone);
    const prepared = pool.map(startingWith(first.value, pictures), {
      ordered: false,
      transfer: true,
      renew: async ({ path, content, views }) => ({ ...(await readSamePicture(path, content)), views }),
    });
    if (session) yield* embedInBatches(prepared, session, options);
    else for await (const outcome of prepared) yield fromThread(outcome);
  } finally {
    await pool.close();
    await session?.release();
  }
}

async function* startingWith<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* others;
}

const fromThread = (outcome: Outcome<Picture, Extracted>): RunOutcome =>
  outcome.ok
    ? checked({ picture: outcome.item, ...outcome.value, rows: outcome.value.rows as Float32Array })
    : { picture: outcome.item, error: outcome.error };

/** Refuses rows that are not finite: a model trained on them would be worthless. */
function checked(outcome: RunOutcome & { readonly rows: Float32Array }): RunOutcome {
  if (outcome.rows.every(Number.isFinite)) return outcome;
  const error = new UserError('Expected finite features. Received: NaN or infinite ones from the backbone.');
  return { picture: outcome.picture, error };
}

/** A picture that waits for the embeddings of its views. */
interface Waiting extends PictureFacts {
  readonly picture: Picture;
  readonly rows: Float32Array[];
}

/** Gathers pixels from the threads until a batch is full; the last one is padded. */
async function* embedInBatches(
  prepared: AsyncIterable<Outcome<Picture, Extracted>>,
  session: Session,
  { preprocessing, features }: RunOptions,
): AsyncGenerator<RunOutcome> {
  const [height, width] = preprocessing.size;
  const length = height * width * 3;
  const batch = new Uint8Array(gpuBatch * length);
  /** Whose view stands at each place of the batch. */
  let filled: Waiting[] = [];
  let waiting: Waiting[] = [];
  const flush = async () => {
    const { embedding } = await session.run({
      pixels: { type: 'uint8', dims: [gpuBatch, height, width, 3], data: batch },
    });
    const data = embedding?.data as Float32Array;
    for (const [i, { rows }] of filled.entries()) rows.push(data.slice(i * features, (i + 1) * features));
    filled = [];
  };
  const isDone = ({ picture, rows }: Waiting) => rows.length === picture.views.length;
  const takeDone = () => {
    const done = waiting.filter(isDone).map((entry) => checked({ ...entry, rows: joinFloats(entry.rows) }));
    waiting = waiting.filter((entry) => !isDone(entry));
    return done;
  };
  for await (const outcome of prepared) {
    if (!outcome.ok) {
      yield { picture: outcome.item, error: outcome.error };
      continue;
    }
    const { rows: pixels, ...facts } = outcome.value;
    const entry: Waiting = { picture: outcome.item, ...facts, rows: [] };
    waiting.push(entry);
    for (let from = 0; from < pixels.length; from += length) {
      batch.set(pixels.subarray(from, from + length), filled.length * length);
      filled.push(entry);
      if (filled.length === gpuBatch) await flush();
    }
    yield* takeDone();
  }
  if (filled.length > 0) await flush();
  yield* takeDone();
}
