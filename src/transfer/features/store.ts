import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeWritableFolder, reasonOf, writeFile } from '#platform';
import { UserError } from '../../errors.js';
import { joinFloats } from '../../graph/rows.js';
import { decodeNpy, encodeNpy } from './npy.js';

/** What stands beside the rows of one part. */
interface PartManifest {
  /** One key for each row. */
  readonly keys: readonly string[];
}

/** Rows that are written to disk together at most. */
const rowsPerPart = 256;

/** Milliseconds after which rows are written, however few they are: a run that is killed loses no more than this. */
const longestWait = 2000;

/** Milliseconds after which a temporary file is taken for the remains of a run that was killed. */
const abandonedAfter = 3600e3;

/** A folder in which features cannot be kept. */
class CacheError extends UserError {
  override name = 'CacheError';

  constructor(
    readonly folder: string,
    cause: unknown,
  ) {
    super(
      `Expected a folder to keep features in. Received: ${folder}, ${reasonOf(cause)}. Hint: name another one with --cache or ORT_TRANSFER_CACHE.`,
      { cause },
    );
  }
}

/**
 * Embeddings on disk, by a key that says what they were computed from.
 *
 * A folder of parts: `NAME.npy` with rows of `features` floats, `NAME.json` with their keys. A part counts once its
 * `.json` is there; both are written whole or not at all, so that a run may be killed at any time. Names are random,
 * so that several runs may write to one folder at once.
 */
export class FeatureStore {
  readonly #rows = new Map<string, Float32Array>();
  #pending: { key: string; row: Float32Array }[] = [];
  /** When rows were last written; `null` before the first. */
  #written: number | null = null;

  private constructor(
    readonly folder: string,
    readonly features: number,
  ) {}

  /** Opens the store in `folder`, which may not exist yet. Parts that cannot be read are left out. */
  static async open(folder: string, features: number): Promise<FeatureStore> {
    const store = new FeatureStore(folder, features);
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names)
      if (name.endsWith('.json')) await store.#read(name.replace('.json', ''));
      else if (name.endsWith('.tmp')) await removeAbandoned(join(folder, name));
    return store;
  }

  get(key: string): Float32Array | undefined {
    return this.#rows.get(key);
  }

  /**
   * Keeps a row; on disk with the next `flush`, or when there are enough, or after a while.
   *
   * @throws CacheError, with the first row already, where nothing can be written
   */
  async set(key: string, row: Float32Array): Promise<void> {
    this.#rows.set(key, row);
    this.#pending.push({ key, row });
    if (this.#written === null) {
      await this.#orCacheError(makeWritableFolder(this.folder));
      this.#written = performance.now();
    }
    const isLate = performance.now() - this.#written >= longestWait;
    if (isLate || this.#pending.length >= rowsPerPart) await this.flush();
  }

  /**
   * Writes what is not on disk yet.
   *
   * @throws CacheError where it cannot be written
   */
  async flush(): Promise<void> {
    const rows = this.#pending;
    if (rows.length === 0) return;
    this.#pending = [];
    const data = joinFloats(rows.map(({ row }) => row));
    const manifest: PartManifest = { keys: rows.map(({ key }) => key) };
    const part = join(this.folder, randomUUID());
    const array = encodeNpy({ type: 'float32', dims: [rows.length, this.features], data });
    await this.#orCacheError(writeFile(`${part}.npy`, array));
    await this.#orCacheError(writeFile(`${part}.json`, JSON.stringify(manifest)));
    this.#written = performance.now();
  }

  async #orCacheError(writing: Promise<void>): Promise<void> {
    await writing.catch((cause) => {
      throw new CacheError(this.folder, cause);
    });
  }

  async #read(part: string): Promise<void> {
    try {
      const { keys } = JSON.parse(await readFile(join(this.folder, `${part}.json`), 'utf8')) as PartManifest;
      const { dims, data } = decodeNpy(await readFile(join(this.folder, `${part}.npy`)));
      if (!(data instanceof Float32Array) || dims[0] !== keys.length || dims[1] !== this.features) return;
      for (const [i, key] of keys.entries())
        this.#rows.set(key, data.subarray(i * this.features, (i + 1) * this.features));
    } catch {
      // A part that cannot be read is computed anew.
    }
  }
}

/** Removes what a run left behind that was killed while it wrote. */
async function removeAbandoned(path: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > abandonedAfter) await rm(path);
  } catch {
    // It is gone, or not ours to remove.
  }
}
