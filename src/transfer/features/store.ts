import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeWritableFolder, reasonOf, resourceError, writeFile } from '#platform';
import { UserError } from '../../errors.js';
import { joinFloats } from '../../graph/rows.js';
import { newPart, removePart, wholeParts } from './cache-files.js';
import { decodeNpy, encodeNpy } from './npy.js';
import type { PictureFacts } from './picture.js';

/** A row with the facts that are kept beside it. */
export interface StoredRow extends PictureFacts {
  /** (D) */
  readonly row: Float32Array;
}

/** The file that stands beside the rows of one part. */
interface PartManifest {
  /** See `checksumOf`. */
  readonly checksum: string;
  /** One entry for each row. */
  readonly rows: readonly ({ readonly key: string } & PictureFacts)[];
}

/** Rows that are written to disk together at most. */
const rowsPerPart = 256;

/** Milliseconds after which rows are written, however few they are: a run that is killed loses no more than this. */
const longestWait = 2000;

/** Parts that are read at the same time. */
const readTogether = 8;

/** A folder in which features cannot be kept. */
class CacheError extends UserError {
  override name = 'CacheError';

  constructor(
    readonly folder: string,
    cause: unknown,
  ) {
    super(
      `Expected a folder to keep features in. Received: ${folder}, ${reasonOf(cause)}. Hint: name another one with \`cache\`.`,
      { cause },
    );
  }
}

export interface StoreOptions {
  /** The time in milliseconds, from any beginning. Default: the system's clock. */
  readonly now?: () => number;
}

/**
 * Embeddings on disk, by keys that name their pictures.
 *
 * A folder of parts: `NAME.npy` with rows of `features` floats, `NAME.json` with their keys, facts and a checksum over
 * all of it. A part counts once its `.json` is there; both are written whole or not at all, so that a run may be killed
 * at any time. Names are never used twice, so that several runs may write to one folder at once. A part that does not
 * match its checksum is removed, and its rows are computed anew.
 */
export class FeatureStore {
  readonly #rows = new Map<string, StoredRow>();
  #pending: ({ key: string } & StoredRow)[] = [];
  /** When rows were last written; `null` before the first. */
  #written: number | null = null;
  readonly #now: () => number;

  private constructor(
    readonly folder: string,
    readonly features: number,
    { now = () => performance.now() }: StoreOptions,
  ) {
    this.#now = now;
  }

  /**
   * Opens the store in `folder`, which may not exist yet. Files that killed runs left behind are removed.
   *
   * @throws ResourceError where memory or file handles do not suffice to read it
   */
  static async open(folder: string, features: number, options: StoreOptions = {}): Promise<FeatureStore> {
    const store = new FeatureStore(folder, features, options);
    const names = await readdir(folder).catch((error) => {
      throwIfShort(error);
      return [];
    });
    const parts = await wholeParts(folder, names);
    for (let from = 0; from < parts.length; from += readTogether)
      await Promise.all(parts.slice(from, from + readTogether).map((part) => store.#read(part)));
    return store;
  }

  /** The row of this key; `undefined` where there is none. */
  get(key: string): Float32Array | undefined {
    return this.#rows.get(key)?.row;
  }

  /** The row of this key with its facts; `undefined` where there is none. */
  find(key: string): StoredRow | undefined {
    return this.#rows.get(key);
  }

  /**
   * Keeps a row; on disk with the next `flush`, or when there are enough, or after a while.
   *
   * @throws CacheError, with the first row already, where nothing can be written
   */
  async set(
    key: string,
    row: Float32Array,
    { faces, flat }: PictureFacts = { faces: null, flat: false },
  ): Promise<void> {
    const stored = { row, faces, flat };
    this.#rows.set(key, stored);
    this.#pending.push({ key, ...stored });
    if (this.#written === null) {
      await this.#orCacheError(makeWritableFolder(this.folder));
      this.#written = this.#now();
    }
    const isLate = this.#now() - this.#written >= longestWait;
    if (isLate || this.#pending.length >= rowsPerPart) await this.flush();
  }

  /**
   * Writes the rows that are not on disk yet.
   *
   * @throws CacheError where it cannot be written
   */
  async flush(): Promise<void> {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    const part = join(this.folder, newPart());
    const data = joinFloats(pending.map(({ row }) => row));
    const array = encodeNpy({ type: 'float32', dims: [pending.length, this.features], data });
    const rows = pending.map(({ key, faces, flat }) => ({ key, faces, flat }));
    const manifest: PartManifest = { checksum: this.#checksumOf(array, rows), rows };
    await this.#orCacheError(writeFile(`${part}.npy`, array));
    await this.#orCacheError(writeFile(`${part}.json`, JSON.stringify(manifest)));
    this.#written = this.#now();
  }

  async #orCacheError(writing: Promise<void>): Promise<void> {
    await writing.catch((cause) => {
      throw new CacheError(this.folder, cause);
    });
  }

  async #read(part: string): Promise<void> {
    const path = join(this.folder, part);
    let files: [Buffer, Buffer];
    try {
      files = await Promise.all([readFile(`${path}.json`), readFile(`${path}.npy`)]);
    } catch (error) {
      throwIfShort(error);
      // It may not be read, or another run has removed it.
      return;
    }
    try {
      this.#take(...files);
    } catch (error) {
      throwIfShort(error);
      await removePart(path);
    }
  }

  /** @throws Error where the part is damaged */
  #take(json: Buffer, npy: Buffer): void {
    const { checksum, rows } = JSON.parse(json.toString()) as PartManifest;
    if (checksum !== this.#checksumOf(npy, rows)) throw new Error('The part does not match its checksum.');
    const { dims, data } = decodeNpy(npy);
    const [count, features] = dims;
    // Of a store of another width.
    if (!(data instanceof Float32Array) || count !== rows.length || features !== this.features) return;
    for (const [i, { key, faces, flat }] of rows.entries()) {
      const row = data.subarray(i * features, (i + 1) * features);
      this.#rows.set(key, { row, faces, flat });
    }
  }

  /** SHA-256 of the store's name, the file of rows and their keys and facts: none of them can belong elsewhere. */
  #checksumOf(npy: Uint8Array, rows: PartManifest['rows']): string {
    return createHash('sha256')
      .update(`${basename(this.folder)}\n${JSON.stringify(rows)}\n`)
      .update(npy)
      .digest('hex');
  }
}

function throwIfShort(error: unknown): void {
  const shortage = resourceError(error);
  if (shortage) throw shortage;
}
