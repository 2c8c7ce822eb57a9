import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFile } from '../platform/node/files.js';
import { decodeNpy, encodeNpy } from './npy.js';

/** What stands beside the rows of one part. */
interface PartManifest {
  /** One key for each row. */
  readonly keys: readonly string[];
}

/** Rows that are written to disk together: enough to be worth a file, few enough to lose little when killed. */
const rowsPerPart = 256;

/**
 * Embeddings on disk, by a key that says what they were computed from.
 *
 * A folder of parts: `N.npy` with rows of `features` floats, `N.json` with their keys. A part counts once its
 * `.json` is there; both are written whole or not at all, so that a run may be killed at any time.
 */
export class FeatureStore {
  readonly #rows = new Map<string, Float32Array>();
  #pending: { key: string; row: Float32Array }[] = [];
  #parts = 0;

  private constructor(
    readonly folder: string,
    readonly features: number,
  ) {}

  /** Opens the store in `folder`, which may not exist yet. Parts that cannot be read are left out. */
  static async open(folder: string, features: number): Promise<FeatureStore> {
    const store = new FeatureStore(folder, features);
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names.filter((name) => /^\d+\.json$/.test(name))) {
      store.#parts = Math.max(store.#parts, Number.parseInt(name, 10) + 1);
      await store.#read(name.replace('.json', ''));
    }
    return store;
  }

  get(key: string): Float32Array | undefined {
    return this.#rows.get(key);
  }

  /** Keeps a row; on disk with the next `flush`, or when there are enough. */
  async set(key: string, row: Float32Array): Promise<void> {
    this.#rows.set(key, row);
    this.#pending.push({ key, row });
    if (this.#pending.length >= rowsPerPart) await this.flush();
  }

  /** Writes what is not on disk yet. */
  async flush(): Promise<void> {
    const rows = this.#pending;
    if (rows.length === 0) return;
    this.#pending = [];
    const data = new Float32Array(rows.length * this.features);
    for (const [i, { row }] of rows.entries()) data.set(row, i * this.features);
    const manifest: PartManifest = { keys: rows.map(({ key }) => key) };
    const part = join(this.folder, String(this.#parts++));
    await writeFile(`${part}.npy`, encodeNpy({ type: 'float32', dims: [rows.length, this.features], data }));
    await writeFile(`${part}.json`, JSON.stringify(manifest));
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
