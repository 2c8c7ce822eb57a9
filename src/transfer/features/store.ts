import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { makeWritableFolder, reasonOf, resourceError } from '#platform';
import { UserError } from '../../errors.js';
import { newPart, removePart, touchPart, wholeParts } from './cache-files.js';
import { CacheIndex, type RowPlace, writeIndex } from './cache-index.js';
import {
  type CachePart,
  DamagedPart,
  type RowEntry,
  readKeys,
  readPart,
  type StoredRow,
  writePart,
} from './cache-part.js';
import type { PictureFacts } from './picture.js';

/** Rows that are written to disk together at most. */
const rowsPerPart = 256;

/** Milliseconds after which rows are written, however few they are: a run that is killed loses no more than this. */
const longestWait = 2000;

/** Rows that are held without an index at most; and while parts are read or written, after which it is time for one. */
const mostWithoutIndex = { atRest: 4096, underway: 65536 };

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
  /** Leaves the index to others, which know more parts. Default: false. */
  readonly withoutIndex?: boolean;
}

/** The key of a picture's view: the SHA-256 of its file, for views beside the picture itself with number and seed. */
export const rowKey = (content: string, view: number, seed = 0): string =>
  view === 0 ? content : `${content}.${view}.${seed}`;

/** Takes a row, which it may look at, but not keep, with its place among those that were asked for. */
export type TakeRow = (place: number, row: Float32Array, facts: PictureFacts) => void;

/**
 * Embeddings on disk, by keys that name their pictures.
 *
 * A folder of parts: `NAME.npy` with rows of `features` floats, `NAME.json` with their keys, facts and a checksum over
 * all of it. A part counts once its `.json` is there; both are written whole or not at all, so that a run may be killed
 * at any time. Names are never used twice, so that several runs may write to one folder at once. A part that does not
 * match its checksum is removed, and its rows are computed anew.
 *
 * Opening reads names, and the keys of parts that are not in the index yet. Rows are read when they are wanted.
 */
export class FeatureStore {
  /** Parts that are whole, as far as is known. */
  readonly #parts = new Set<string>();
  /** Parts that matched their checksums. */
  readonly #sound = new Set<string>();
  #index: CacheIndex | null = null;
  /** Where the rows are that the index does not have. */
  readonly #recent = new Map<string, RowPlace>();
  readonly #pending = new Map<string, StoredRow & RowEntry>();
  /** The part that a row was last read from. */
  #last: { readonly name: string; readonly part: CachePart } | null = null;
  /** Ends when what is being written is on disk. */
  #writing: Promise<void> = Promise.resolve();
  /** When rows were last written; `null` before the first. */
  #written: number | null = null;
  readonly #now: () => number;
  readonly #withoutIndex: boolean;

  private constructor(
    readonly folder: string,
    readonly features: number,
    { now = () => performance.now(), withoutIndex = false }: StoreOptions,
  ) {
    this.#now = now;
    this.#withoutIndex = withoutIndex;
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
    for (const part of await wholeParts(folder, names)) store.#parts.add(part);
    store.#index = CacheIndex.open(folder);
    await store.#learnParts();
    return store;
  }

  /** Whether a row of this key is there, as far as can be told without reading it. */
  has(key: string): boolean {
    return this.#pending.has(key) || this.#locate(key) !== undefined;
  }

  /** The row of this key; `undefined` where there is none. */
  get(key: string): Float32Array | undefined {
    return this.find(key)?.row;
  }

  /** The row of this key with its facts; `undefined` where there is none. */
  find(key: string): StoredRow | undefined {
    const pending = this.#pending.get(key);
    if (pending) return { row: pending.row, faces: pending.faces, flat: pending.flat };
    for (let place = this.#locate(key); place; place = this.#locate(key)) {
      const part = this.#load(place.part);
      if (!part) continue;
      const entry = part.rows[place.row];
      // The index is wrong, as `read` would find out.
      if (entry?.key !== key) return undefined;
      return { row: rowOf(part, place.row), faces: entry.faces, flat: entry.flat };
    }
    return undefined;
  }

  /**
   * Reads rows, each part once, in the order in which they lie on disk.
   *
   * @returns the places of keys that there are no rows of; rows that turn out damaged are among them
   */
  async read(keys: readonly string[], take: TakeRow): Promise<number[]> {
    const missing: number[] = [];
    let left = [...keys.keys()];
    while (left.length > 0) {
      const byPart = new Map<string, { place: number; row: number }[]>();
      for (const place of left) {
        const key = keys[place] ?? '';
        const pending = this.#pending.get(key);
        if (pending) {
          take(place, pending.row, pending);
          continue;
        }
        const found = this.#locate(key);
        if (!found) missing.push(place);
        else if (!byPart.get(found.part)?.push({ place, row: found.row }))
          byPart.set(found.part, [{ place, row: found.row }]);
      }
      left = [];
      let isMisled = false;
      for (const [name, wanted] of byPart) {
        const part = this.#load(name);
        for (const { place, row } of wanted) {
          const entry = part?.rows[row];
          if (part && entry && entry.key === keys[place]) take(place, rowOf(part, row), entry);
          else {
            left.push(place);
            isMisled ||= part !== null;
          }
        }
        // Others want to go on, too: threads, the interrupt from the keyboard.
        await setImmediate();
      }
      this.#last = null;
      if (isMisled) await this.#indexAnew();
    }
    return missing;
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
    this.#pending.set(key, { key, row, faces, flat });
    if (this.#written === null) {
      await this.#orCacheError(makeWritableFolder(this.folder));
      this.#written = this.#now();
    }
    const isLate = this.#now() - this.#written >= longestWait;
    if (isLate || this.#pending.size >= rowsPerPart) await this.flush();
  }

  /**
   * Writes the rows that are not on disk yet.
   *
   * @throws CacheError where it cannot be written
   */
  async flush(): Promise<void> {
    const writing = this.#writing.then(() => this.#flush());
    this.#writing = writing.catch(() => {});
    await writing;
  }

  async #flush(): Promise<void> {
    const entries = [...this.#pending.values()];
    if (entries.length === 0) return;
    const part = newPart();
    await this.#orCacheError(writePart(this.folder, part, this.features, entries));
    this.#parts.add(part);
    for (const [row, entry] of entries.entries()) {
      this.#recent.set(entry.key, { part, row });
      // It may have been set anew in the meantime.
      if (this.#pending.get(entry.key) === entry) this.#pending.delete(entry.key);
    }
    this.#written = this.#now();
    if (this.#recent.size > this.#limit(mostWithoutIndex.underway, 2)) this.#writeIndex();
  }

  /** Lets go of the index's file. */
  close(): void {
    this.#index?.close();
    this.#index = null;
  }

  async #orCacheError(writing: Promise<void>): Promise<void> {
    await writing.catch((cause) => {
      throw new CacheError(this.folder, cause);
    });
  }

  /** Where the row of this key should be. */
  #locate(key: string): RowPlace | undefined {
    const recent = this.#recent.get(key);
    if (recent && this.#parts.has(recent.part)) return recent;
    for (const place of this.#index?.find(key) ?? []) if (this.#parts.has(place.part)) return place;
    return undefined;
  }

  /** A part that is sound and of this width; `null` where it is not, which it then no longer counts as. */
  #load(name: string): CachePart | null {
    if (this.#last?.name === name) return this.#last.part;
    try {
      const part = readPart(this.folder, name);
      if (part.features === this.features) {
        this.#sound.add(name);
        this.#last = { name, part };
        touchPart(join(this.folder, name));
        return part;
      }
    } catch (error) {
      throwIfShort(error);
      // Else it may not be read, or another run has removed it.
      if (error instanceof DamagedPart) removePart(join(this.folder, name));
    }
    this.#parts.delete(name);
    return null;
  }

  /** Learns which keys those parts have that the index does not know. */
  async #learnParts(): Promise<void> {
    const known = new Set(this.#index?.parts);
    for (const part of [...this.#parts].filter((name) => !known.has(name))) {
      let keys: string[];
      try {
        keys = readKeys(this.folder, part);
      } catch (error) {
        throwIfShort(error);
        if (error instanceof DamagedPart) removePart(join(this.folder, part));
        this.#parts.delete(part);
        continue;
      }
      for (const [row, key] of keys.entries()) {
        const other = this.#recent.get(key)?.part;
        // Both computed it, or one has the keys of the other: only the checksums tell.
        if (other !== undefined && other !== part)
          for (const name of [other, part])
            if (this.#parts.has(name) && !this.#sound.has(name)) this.#load(name);
        if (this.#parts.has(part)) this.#recent.set(key, { part, row });
      }
      if (this.#recent.size > this.#limit(mostWithoutIndex.underway, 2)) this.#writeIndex();
      await setImmediate();
    }
    this.#last = null;
    if (this.#recent.size > this.#limit(mostWithoutIndex.atRest, 8)) this.#writeIndex();
  }

  /** Leaves an index that names wrong rows. */
  async #indexAnew(): Promise<void> {
    this.close();
    CacheIndex.remove(this.folder);
    this.#recent.clear();
    await this.#learnParts();
  }

  /** How many rows may be held without an index: so many, or a share of those that it has. */
  #limit(most: number, share: number): number {
    return Math.max(most, (this.#index?.rows ?? 0) / share);
  }

  /** Writes an index with everything that is known. Without one the store works as well, from memory. */
  #writeIndex(): void {
    if (this.#withoutIndex) return;
    try {
      writeIndex(this.folder, this.#index, (part) => this.#parts.has(part), this.#recent);
    } catch {
      // The folder may not be written to, or the disk is full.
      return;
    }
    const index = CacheIndex.open(this.folder);
    if (!index) return;
    // Another run may have written one that knows less.
    const known = new Set(index.parts);
    for (const [key, { part }] of this.#recent) if (known.has(part)) this.#recent.delete(key);
    this.#index?.close();
    this.#index = index;
  }
}

const rowOf = ({ data, features }: CachePart, row: number): Float32Array =>
  data.subarray(row * features, (row + 1) * features);

function throwIfShort(error: unknown): void {
  const shortage = resourceError(error);
  if (shortage) throw shortage;
}
