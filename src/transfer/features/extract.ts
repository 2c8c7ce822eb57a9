import { join } from 'node:path';
import { decoderName, ResourceError, reasonOf, sha256 } from '#platform';
import type { Embedded, SkippedPicture } from '../../classifier/dataset.js';
import { decoderVersion } from '../../images/decoder-version.js';
import type { Picture } from './features-worker.js';
import { type PictureFacts, type PictureFile, readPictureFile } from './picture.js';
import { embedPictures, type RunOptions } from './run.js';
import { FeatureStore, type StoredRow } from './store.js';

export interface ExtractOptions extends RunOptions {
  /** Views of each picture; the first is the picture itself. Default: 1. */
  readonly views?: number;
  /** Folder that keeps embeddings from run to run. */
  readonly cache: string;
  /** Called after each picture. Default: nothing. */
  readonly onProgress?: (progress: ExtractProgress) => void;
}

interface ExtractProgress {
  readonly done: number;
  readonly total: number;
  /** Pictures whose embeddings were there already. */
  readonly cached: number;
  readonly skipped: number;
}

/** A picture as the backbone sees it, with the facts that are kept beside it. */
export interface ExtractedPicture extends Embedded, PictureFacts {}

export interface ExtractResult {
  /** In the order of the paths. */
  readonly pictures: readonly ExtractedPicture[];
  readonly skipped: readonly SkippedPicture[];
  readonly cached: number;
}

/**
 * Computes the embeddings of pictures, those alone that are not in the cache.
 *
 * Each file is read once, here: its bytes are hashed, and go on to a thread where the cache has nothing for them. On
 * the CPU that thread takes the picture to its embedding, which keeps all cores busy without waiting; with a GPU the
 * threads prepare pixels, and the GPU embeds them in batches of one size.
 *
 * @throws ResourceError when memory, threads or file handles run out; CacheError when nothing can be kept
 */
export async function extractFeatures(
  paths: readonly string[],
  options: ExtractOptions,
): Promise<ExtractResult> {
  const { cache, features, views = 1, seed = 0, onProgress } = options;
  const store = await FeatureStore.open(join(cache, await storeName(options)), features);
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
    skipped.push({ path, reason: reasonOf(error) });
    report('skipped');
  };

  /** Pictures with something to compute. Content decides: a copy of a picture is not computed again. */
  async function* missing(): AsyncGenerator<Picture> {
    const underway = new Set<string>();
    for (const path of paths) {
      let file: PictureFile;
      try {
        file = await readPictureFile(path);
      } catch (error) {
        if (error instanceof ResourceError) throw error;
        skip(path, error);
        continue;
      }
      const { content } = file;
      contents.set(path, content);
      const wanted = all.filter((view) => !store.get(keyOf(content, view)));
      if (wanted.length === 0 || underway.has(content)) {
        report('cached');
        continue;
      }
      underway.add(content);
      yield { ...file, views: wanted };
    }
  }

  try {
    for await (const outcome of embedPictures(missing(), options)) {
      const { path, content, views: wanted } = outcome.picture;
      if ('error' in outcome) {
        skip(path, outcome.error);
        contents.delete(path);
        continue;
      }
      const { rows, faces, flat } = outcome;
      for (const [i, view] of wanted.entries())
        await store.set(keyOf(content, view), rows.slice(i * features, (i + 1) * features), { faces, flat });
      report(null);
    }
  } finally {
    await store.flush();
  }
  const stored = (content: string) => all.map((view) => store.find(keyOf(content, view)));
  return { ...collect(paths, contents, skipped, stored), cached: progress.cached };
}

/** Puts the embeddings in the order of the paths; copies of broken pictures are as broken. */
function collect(
  paths: readonly string[],
  contents: ReadonlyMap<string, string>,
  skipped: readonly SkippedPicture[],
  stored: (content: string) => (StoredRow | undefined)[],
): Pick<ExtractResult, 'pictures' | 'skipped'> {
  const reasons = new Map(skipped.map(({ path, reason }) => [path, reason]));
  const result = { pictures: [] as ExtractedPicture[], skipped: [] as SkippedPicture[] };
  for (const path of paths) {
    const content = contents.get(path);
    const views = content === undefined ? [] : stored(content);
    const rows = views.filter((view) => view !== undefined);
    const [first] = rows;
    if (content !== undefined && first && rows.length === views.length) {
      const { faces, flat } = first;
      result.pictures.push({ path, content, views: rows.map(({ row }) => row), faces, flat });
    } else
      result.skipped.push({
        path,
        reason: reasons.get(path) ?? 'a copy of a picture that was skipped',
      });
  }
  return result;
}

/** Counts changes to how embeddings come about, or are stored, that no model tells of. */
const generation = 2;

/** The folder of a store: a hash of everything but picture and view that an embedding depends on. */
async function storeName({ preprocessing, backbone, detector }: RunOptions): Promise<string> {
  const decoder = [decoderVersion, await decoderName()];
  const models = [await sha256(backbone), detector ? await sha256(detector) : null];
  const text = JSON.stringify([generation, decoder, preprocessing, models]);
  return (await sha256(new TextEncoder().encode(text))).slice(0, 16);
}
