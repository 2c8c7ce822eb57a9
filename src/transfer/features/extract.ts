import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readPicture } from '#platform';
import type { Embedded, SkippedPicture } from '../../classifier/dataset.js';
import type { Engine } from '../../engine/engine.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import type { Picture } from './features-worker.js';
import { openRun } from './run.js';
import { FeatureStore } from './store.js';

export interface ExtractOptions {
  /** Decides between whole threads of the CPU and batches on a GPU. */
  readonly engine: Engine;
  readonly preprocessing: Preprocessing;
  /** The frozen network as ONNX, from `backboneModel`. */
  readonly backbone: Uint8Array;
  /** D, the length of an embedding. */
  readonly features: number;
  /** The face detector as ONNX, for `crop: 'face'`. */
  readonly detector?: Uint8Array;
  /** Views of each picture; the first is the picture itself. Default 1. */
  readonly views?: number;
  /** Chooses the other views. */
  readonly seed?: number;
  readonly maxPixels?: number;
  /** Folder that keeps embeddings from run to run. */
  readonly cache: string;
  /** Threads. Default: as many as there are processors. */
  readonly workers?: number;
  /** Called after each picture. */
  readonly onProgress?: (progress: ExtractProgress) => void;
}

interface ExtractProgress {
  readonly done: number;
  readonly total: number;
  /** Pictures whose embeddings were there already. */
  readonly cached: number;
  readonly skipped: number;
}

export interface ExtractResult {
  /** In the order of the paths. */
  readonly pictures: readonly Embedded[];
  readonly skipped: readonly SkippedPicture[];
  readonly cached: number;
}

/**
 * Computes the embeddings of pictures, those alone that are not in the cache.
 *
 * On the CPU each thread takes a picture from the file to its embedding, which keeps all cores busy without waiting;
 * with a GPU the threads prepare pixels, and the GPU embeds them in batches of one size.
 */
export async function extractFeatures(
  paths: readonly string[],
  options: ExtractOptions,
): Promise<ExtractResult> {
  const { cache, features, views = 1, seed = 0, onProgress } = options;
  const store = await FeatureStore.open(join(cache, storeName(options)), features);
  const keyOf = (content: string, view: number) => (view === 0 ? content : `${content}.${view}.${seed}`);
  const all = Array.from({ length: views }, (_, view) => view);

  const contents = new Map<string, string>();
  const skipped: SkippedPicture[] = [];
  const progress = { done: 0, total: paths.length, cached: 0, skipped: 0 };
  const report = (kind: 'cached' | 'skipped' | null) => {
    progress.done++;
    if (kind) progress[kind]++;
    onProgress?.({ ...progress });
  };
  const skip = (path: string, error: unknown) => {
    skipped.push({ path, reason: (error as Error).message });
    report('skipped');
  };

  /** Pictures with something to compute. Content decides: a copy of a picture is not computed again. */
  async function* missing(): AsyncGenerator<Picture> {
    const underway = new Set<string>();
    for (const path of paths) {
      let content: string;
      try {
        content = await hashFile(path);
      } catch (error) {
        skip(path, error);
        continue;
      }
      contents.set(path, content);
      const wanted = all.filter((view) => !store.get(keyOf(content, view)));
      if (wanted.length === 0 || underway.has(content)) {
        report('cached');
        continue;
      }
      underway.add(content);
      yield { path, content, views: wanted };
    }
  }

  const run = await openRun(options);
  try {
    for await (const outcome of run(missing())) {
      const { path, content, views: wanted } = outcome.picture;
      if ('error' in outcome) {
        skip(path, outcome.error);
        contents.delete(path);
        continue;
      }
      for (const [i, view] of wanted.entries())
        await store.set(keyOf(content, view), outcome.rows.slice(i * features, (i + 1) * features));
      report(null);
    }
  } finally {
    await store.flush();
    await run.close();
  }
  return {
    ...collect(paths, contents, skipped, (content) => all.map((view) => store.get(keyOf(content, view)))),
    cached: progress.cached,
  };
}

/** Puts the embeddings in the order of the paths; copies of broken pictures are as broken. */
function collect(
  paths: readonly string[],
  contents: ReadonlyMap<string, string>,
  skipped: SkippedPicture[],
  viewsOf: (content: string) => (Float32Array | undefined)[],
): { pictures: Embedded[]; skipped: SkippedPicture[] } {
  const reported = new Set(skipped.map(({ path }) => path));
  const pictures: Embedded[] = [];
  for (const path of paths) {
    const content = contents.get(path);
    const views = content === undefined ? [] : viewsOf(content);
    if (content !== undefined && views.every((view) => view !== undefined))
      pictures.push({ path, content, views });
    else if (!reported.has(path)) skipped.push({ path, reason: 'a copy of a picture that was skipped' });
  }
  const order = new Map(paths.map((path, i) => [path, i]));
  skipped.sort((a, b) => order.get(a.path)! - order.get(b.path)!);
  return { pictures, skipped };
}

/** The folder of a store: a hash of everything but picture and view that an embedding depends on. */
function storeName({ preprocessing, backbone, detector }: ExtractOptions): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([1, preprocessing]))
    .update(backbone);
  if (detector) hash.update(detector);
  return hash.digest('hex').slice(0, 16);
}

const hashFile = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readPicture(path))
    .digest('hex');
