/** A look at whole caches: what lies there, and what may go. */
import type { Stats } from 'node:fs';
import { open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ValueError } from '../../errors.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { named, refuseOthers } from '../../named-options.js';
import { removePart, wholeParts } from './cache-files.js';
import { indexName } from './cache-index.js';

/** What the embeddings of one folder of a cache were made with. */
export interface StoreFacts {
  /** Crop and size of the backbone's pictures. */
  readonly preprocessing: Preprocessing;
  /** SHA-256 of the backbone as ONNX. */
  readonly backbone: string;
  /** Versions of what decodes and resizes. */
  readonly decoder: readonly unknown[];
}

/** The file in a store that says what it is for. */
export const factsName = 'about.txt';

/** One folder of a cache: the embeddings of one network. */
export interface CachedStore {
  /** Its name, which `cache` holds. */
  readonly name: string;
  /** What it was made with; `null` where it does not say. */
  readonly facts: StoreFacts | null;
  /** Embeddings: one for each picture and view. */
  readonly rows: number;
  /** Length of an embedding. */
  readonly features: number;
  /** Size of all files. */
  readonly bytes: number;
  /** When a part was last written or read, to the day; `null` where there is none. */
  readonly used: Date | null;
}

/** A part, with what may decide whether it goes. */
interface KeptPart {
  readonly store: string;
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

/** The stores of a cache, the largest first; none where there is no such folder. */
export async function listCache(cache: string): Promise<CachedStore[]> {
  const stores: CachedStore[] = [];
  for (const name of await storeNames(cache)) {
    const folder = join(cache, name);
    const parts = await partsOf(folder);
    let [rows, features] = [0, 0];
    for (const { path } of parts) {
      const [count, width] = await shapeOf(`${path}.npy`);
      rows += count;
      features = width;
    }
    const others = await Promise.all([indexName, factsName].map((file) => statOf(join(folder, file))));
    stores.push({
      name,
      facts: await factsOf(folder),
      ...{ rows, features },
      bytes: sum(parts.map(({ bytes }) => bytes)) + sum(others.map((entry) => entry?.size ?? 0)),
      used: parts.length > 0 ? new Date(Math.max(...parts.map(({ used }) => used))) : null,
    });
  }
  return stores.sort((a, b) => b.bytes - a.bytes);
}

export interface PruneOptions {
  /** Removes what was neither written nor read for so many days. Default: nothing for its age. */
  readonly unusedDays?: number;
  /** Removes what was not used for longest, until no more bytes are left. Default: nothing for its size. */
  readonly maxBytes?: number;
  /** Only tells what would go. Default false. */
  readonly dryRun?: boolean;
  /** The time. Default: now. */
  readonly now?: Date;
}

/** What was removed, and what is left. */
export interface Pruned {
  readonly parts: number;
  readonly bytes: number;
  readonly left: number;
}

/**
 * Removes embeddings from a cache, the longest unused first. Runs that use it at the same time compute anew what they
 * miss.
 *
 * @throws ValueError where neither an age nor a size is given
 */
export async function pruneCache(cache: string, options: PruneOptions): Promise<Pruned> {
  const { unusedDays, maxBytes, dryRun = false, now = new Date(), ...others } = named(options, 'pruneCache');
  refuseOthers(others, 'pruneCache', (probe: PruneOptions) => pruneCache(cache, probe));
  if (unusedDays === undefined && maxBytes === undefined)
    throw new ValueError('Expected `unusedDays` or `maxBytes`, which say what to remove. Received: neither.');
  const stores = await storeNames(cache);
  const parts = (await Promise.all(stores.map((name) => partsOf(join(cache, name))))).flat();
  parts.sort((a, b) => a.used - b.used);
  const oldest = unusedDays === undefined ? Number.NEGATIVE_INFINITY : now.getTime() - unusedDays * 86_400e3;
  let left = sum(parts.map(({ bytes }) => bytes));
  const gone: KeptPart[] = [];
  for (const part of parts) {
    if (part.used >= oldest && left <= (maxBytes ?? Number.POSITIVE_INFINITY)) break;
    gone.push(part);
    left -= part.bytes;
  }
  if (!dryRun) {
    for (const { path } of gone) removePart(path);
    for (const name of stores) await removeEmpty(join(cache, name));
  }
  return { parts: gone.length, bytes: sum(gone.map(({ bytes }) => bytes)), left };
}

/** Folders of a cache that are named like stores: by a hash. */
async function storeNames(cache: string): Promise<string[]> {
  const entries = await readdir(cache, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() && /^[0-9a-f]{16}$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

async function partsOf(store: string): Promise<KeptPart[]> {
  const parts: KeptPart[] = [];
  for (const name of await wholeParts(store, await readdir(store).catch(() => []))) {
    const path = join(store, name);
    const [npy, json] = await Promise.all([statOf(`${path}.npy`), statOf(`${path}.json`)]);
    if (npy && json) parts.push({ store, path, bytes: npy.size + json.size, used: npy.mtimeMs });
  }
  return parts;
}

/** Removes a store of which nothing is left but what stands beside parts. */
async function removeEmpty(store: string): Promise<void> {
  const names = await readdir(store).catch(() => ['?']);
  if (names.some((name) => ![indexName, factsName].includes(name))) return;
  for (const name of names) await rm(join(store, name), { force: true });
  // Another run may write to it by now.
  await rmdir(store).catch(() => {});
}

/** Rows and their length, as NumPy's header has them; 0 where there is none. */
async function shapeOf(path: string): Promise<[rows: number, features: number]> {
  const file = await open(path).catch(() => null);
  if (!file) return [0, 0];
  try {
    const { buffer } = await file.read(Buffer.alloc(256), 0, 256, 0);
    const [, rows, features] = /'shape': \((\d+), (\d+)\)/.exec(buffer.toString('latin1')) ?? [];
    return [Number(rows ?? 0), Number(features ?? 0)];
  } finally {
    await file.close();
  }
}

async function factsOf(store: string): Promise<StoreFacts | null> {
  try {
    return JSON.parse(await readFile(join(store, factsName), 'utf8')) as StoreFacts;
  } catch {
    return null;
  }
}

const statOf = (path: string): Promise<Stats | null> => stat(path).catch(() => null);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
