import { join } from 'node:path';
import { ResourceError, reasonOf } from '#platform';
import type { Embedded, SkippedPicture } from '../../classifier/dataset.js';
import type { Picture } from './features-worker.js';
import { type PictureFacts, type PictureFile, readPictureFile } from './picture.js';
import { MemoryRows, type RowSink } from './row-sink.js';
import { embedPictures, type RunOptions } from './run.js';
import { FeatureStore, rowKey } from './store.js';
import { describeStore, storeFacts, storeName } from './store-name.js';

export interface ExtractOptions extends RunOptions {
  /** Views of each picture; the first is the picture itself. Default: 1. */
  readonly views?: number;
  /** Folder that keeps embeddings from run to run. */
  readonly cache: string;
  /** Takes the embeddings, picture by picture, `views` rows each. Default: they are the pictures' `views`. */
  readonly sink?: RowSink;
  /** Contents that are skipped though they may be pictures, with the reason. Default: none. */
  readonly refused?: ReadonlyMap<string, string>;
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
  /** In the order of the paths. Without `views` where a sink took them. */
  readonly pictures: readonly ExtractedPicture[];
  readonly skipped: readonly SkippedPicture[];
  readonly cached: number;
}

/**
 * Computes the embeddings of pictures, those alone that are not in the cache.
 *
 * Each file is read once, here: its bytes are hashed, and go on to a thread where the cache has nothing for them. On
 * the CPU that thread takes the picture to its embedding, which keeps all cores busy without waiting; with a GPU the
 * threads prepare pixels, and the GPU embeds them in batches of one size. When all are in the cache, they are read from
 * there to where they are used, each part of the cache once.
 *
 * @throws ResourceError when memory, threads or file handles run out; CacheError when nothing can be kept
 */
export async function extractFeatures(
  paths: readonly string[],
  options: ExtractOptions,
): Promise<ExtractResult> {
  const { cache, features } = options;
  const facts = await storeFacts(options);
  const folder = join(cache, await storeName(facts, options));
  const store = await FeatureStore.open(folder, features);
  try {
    const extraction = new Extraction(store, paths, options);
    await extraction.compute(paths);
    await describeStore(folder, facts);
    for (;;) {
      const { damaged, ...result } = await extraction.collect();
      if (damaged.length === 0) return result;
      await extraction.compute(damaged);
    }
  } finally {
    store.close();
  }
}

/** What is known of the pictures of one job. */
class Extraction {
  /** The contents of the files that could be read, by path. */
  readonly #contents = new Map<string, string>();
  /** Why pictures were skipped, by path. */
  readonly #reasons = new Map<string, string>();
  /** Paths that were found in the cache. */
  readonly #cached = new Set<string>();
  readonly #progress = { done: 0, total: 0, skipped: 0 };

  constructor(
    private readonly store: FeatureStore,
    private readonly paths: readonly string[],
    private readonly options: ExtractOptions,
  ) {
    this.#progress.total = paths.length;
  }

  /** Computes what is not in the cache of these pictures. */
  async compute(paths: readonly string[]): Promise<void> {
    const { store } = this;
    const { features } = this.options;
    try {
      for await (const outcome of embedPictures(this.#missing(paths), this.options)) {
        const { path, content, views: wanted } = outcome.picture;
        if ('error' in outcome) {
          this.#skip(path, outcome.error);
          this.#contents.delete(path);
          continue;
        }
        const { rows, faces, flat } = outcome;
        for (const [i, view] of wanted.entries()) {
          const row = rows.slice(i * features, (i + 1) * features);
          await store.set(this.#keyOf(content, view), row, { faces, flat });
        }
        this.#report();
      }
    } finally {
      await store.flush();
    }
  }

  /**
   * Reads the embeddings, in the order of the paths; copies of broken pictures are as broken.
   *
   * @returns `damaged`: the pictures whose embeddings the cache has lost since it was asked for them
   */
  async collect(): Promise<ExtractResult & { damaged: string[] }> {
    const { features, views = 1 } = this.options;
    const skipped: SkippedPicture[] = [];
    const found = this.paths.flatMap((path) => {
      const content = this.#contents.get(path);
      if (content !== undefined && this.#wanted(content).length === 0) return [{ path, content }];
      skipped.push({
        path,
        reason: this.#reasons.get(path) ?? 'a copy of a picture that was skipped',
      });
      return [];
    });
    const memory = this.options.sink ? null : new MemoryRows();
    const sink = this.options.sink ?? memory;
    sink?.begin(found.length * views, features);
    const facts: PictureFacts[] = [];
    const keys = found.flatMap(({ content }) => this.#views().map((view) => this.#keyOf(content, view)));
    const lost = await this.store.read(keys, (place, row, { faces, flat }) => {
      sink?.write(place, row);
      if (place % views === 0) facts[place / views] = { faces, flat };
    });
    const pictures = found.map(({ path, content }, i) => ({
      path,
      content,
      views: memory ? this.#views().map((view) => memory.row(i * views + view)) : [],
      ...(facts[i] ?? { faces: null, flat: false }),
    }));
    const damaged = new Set(lost.flatMap((place) => found[Math.floor(place / views)]?.path ?? []));
    return { pictures, skipped, cached: this.#cached.size, damaged: [...damaged] };
  }

  /** Pictures with something to compute. Content decides: a copy of a picture is not computed again. */
  async *#missing(paths: readonly string[]): AsyncGenerator<Picture> {
    const underway = new Set<string>();
    for (const path of paths) {
      this.#cached.delete(path);
      let file: PictureFile;
      try {
        file = await readPictureFile(path);
      } catch (error) {
        if (error instanceof ResourceError) throw error;
        this.#contents.delete(path);
        this.#skip(path, error);
        continue;
      }
      const { content } = file;
      this.#contents.set(path, content);
      const wanted = this.#wanted(content);
      const refusal = this.options.refused?.get(content);
      if (wanted.length > 0 && refusal !== undefined) {
        this.#contents.delete(path);
        this.#skip(path, refusal);
        continue;
      }
      if (wanted.length === 0 || underway.has(content)) {
        this.#cached.add(path);
        this.#report();
        continue;
      }
      underway.add(content);
      yield { ...file, views: wanted };
    }
  }

  #views(): number[] {
    return Array.from({ length: this.options.views ?? 1 }, (_, view) => view);
  }

  /** The views that are not in the cache. */
  #wanted(content: string): number[] {
    return this.#views().filter((view) => !this.store.has(this.#keyOf(content, view)));
  }

  #keyOf(content: string, view: number): string {
    return rowKey(content, view, this.options.seed);
  }

  #skip(path: string, error: unknown): void {
    this.#reasons.set(path, reasonOf(error));
    this.#progress.skipped++;
    this.#report();
  }

  #report(): void {
    // Damaged ones come twice.
    if (this.#progress.done === this.#progress.total) return;
    this.#progress.done++;
    this.options.onProgress?.({ ...this.#progress, cached: this.#cached.size });
  }
}
