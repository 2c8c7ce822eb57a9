/**
 * Where rows are: a file of hashes in order, as Git keeps one for its packs. Of a million rows it takes 24 MB, of which
 * a look-up reads a few hundred bytes.
 *
 * Nothing depends on its being right: whoever follows it looks whether the row that it names has the key. So it has no
 * checksum, and a reader need not read all of it. Numbers are little-endian:
 *
 * | Bytes | |
 * |---|---|
 * | 8 | `ORTINDX1` |
 * | 4 | n, the number of rows |
 * | 4 | the length of the parts' names in bytes |
 * | 4 · 65536 | for each first two bytes of a hash: the number of rows with these or lower ones |
 * | 24 · n | 16 bytes of the SHA-256 of the key, the number of the part, the row in it; in order of their first two bytes |
 * | | the parts' names, as JSON |
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { processName } from '#platform';

/** Where a row is. */
export interface RowPlace {
  /** The part's name. */
  readonly part: string;
  readonly row: number;
}

const magic = 'ORTINDX1';
const headerBytes = 16;
const buckets = 65536;
const recordBytes = 24;
const hashBytes = 16;
const firstRecord = headerBytes + 4 * buckets;
/** Rows that are copied at a time. */
const chunkRows = 65536;

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest().subarray(0, hashBytes);

/** An index that was read: its table is in memory (256 KB) with the names of parts, its rows are on disk. */
export class CacheIndex {
  private constructor(
    readonly rows: number,
    readonly parts: readonly string[],
    private readonly ends: Uint32Array,
    private readonly file: number,
  ) {}

  /** The index of a folder; `null` where there is none that can be used. */
  static open(folder: string): CacheIndex | null {
    let file: number;
    try {
      file = openSync(pathOf(folder), 'r');
    } catch {
      return null;
    }
    try {
      const index = CacheIndex.#read(file);
      if (index) return index;
    } catch {
      // Cut off, or not readable: as if it were not there.
    }
    closeSync(file);
    return null;
  }

  static #read(file: number): CacheIndex | null {
    const header = readAt(file, 0, headerBytes);
    if (header.toString('latin1', 0, 8) !== magic) return null;
    const [rows, names] = [header.readUInt32LE(8), header.readUInt32LE(12)];
    if (fstatSync(file).size !== firstRecord + rows * recordBytes + names) return null;
    const table = readAt(file, headerBytes, 4 * buckets);
    const ends = new Uint32Array(buckets);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const end = table.readUInt32LE(4 * bucket);
      if (end < (ends[bucket - 1] ?? 0) || end > rows) return null;
      ends[bucket] = end;
    }
    const parts = JSON.parse(readAt(file, firstRecord + rows * recordBytes, names).toString()) as string[];
    return new CacheIndex(rows, parts, ends, file);
  }

  /** Where rows of this key may be. */
  *find(key: string): Generator<RowPlace> {
    const hash = hashOf(key);
    const bucket = hash.readUInt16BE(0);
    const [from, to] = [this.ends[bucket - 1] ?? 0, this.ends[bucket] ?? 0];
    if (to === from) return;
    const records = readAt(this.file, firstRecord + from * recordBytes, (to - from) * recordBytes);
    for (let at = 0; at < records.length; at += recordBytes) {
      if (hash.compare(records, at, at + hashBytes) !== 0) continue;
      const part = this.parts[records.readUInt32LE(at + hashBytes)];
      if (part !== undefined) yield { part, row: records.readUInt32LE(at + hashBytes + 4) };
    }
  }

  /** All rows in their order, many at a time. */
  *chunks(): Generator<Buffer> {
    for (let from = 0; from < this.rows; from += chunkRows) {
      const count = Math.min(chunkRows, this.rows - from);
      yield readAt(this.file, firstRecord + from * recordBytes, count * recordBytes);
    }
  }

  close(): void {
    closeSync(this.file);
  }

  static remove(folder: string): void {
    rmSync(pathOf(folder), { force: true });
  }
}

/**
 * Writes an index of the rows of an older one, as far as their parts are still there, and of further ones. What it needs
 * of memory is for the further ones alone.
 *
 * @throws a system error where it cannot be written
 */
export function writeIndex(
  folder: string,
  older: CacheIndex | null,
  isThere: (part: string) => boolean,
  further: ReadonlyMap<string, RowPlace>,
): void {
  const numbers = new Map<string, number>();
  const numberOf = (part: string): number => {
    const number = numbers.get(part) ?? numbers.size;
    numbers.set(part, number);
    return number;
  };
  const added = sortedRecords(further, numberOf);
  const temporary = `${pathOf(folder)}.${processName()}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    const counts = new Uint32Array(buckets);
    let [rows, next, at] = [0, 0, firstRecord];
    const out = Buffer.alloc(chunkRows * recordBytes);
    let filled = 0;
    const put = (records: Buffer, from: number) => {
      records.copy(out, filled, from, from + recordBytes);
      filled += recordBytes;
      const bucket = records.readUInt16BE(from);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      rows++;
      if (filled < out.length) return;
      writeSync(file, out, 0, filled, at);
      at += filled;
      filled = 0;
    };
    for (const chunk of older?.chunks() ?? [])
      for (let from = 0; from < chunk.length; from += recordBytes) {
        const part = older?.parts[chunk.readUInt32LE(from + hashBytes)];
        if (part === undefined || !isThere(part)) continue;
        const bucket = chunk.readUInt16BE(from);
        for (; next < added.length && added.readUInt16BE(next) < bucket; next += recordBytes)
          put(added, next);
        chunk.writeUInt32LE(numberOf(part), from + hashBytes);
        put(chunk, from);
      }
    for (; next < added.length; next += recordBytes) put(added, next);
    writeSync(file, out, 0, filled, at);
    const names = Buffer.from(JSON.stringify([...numbers.keys()]));
    writeSync(file, names, 0, names.length, firstRecord + rows * recordBytes);
    const header = Buffer.alloc(firstRecord);
    header.write(magic, 'latin1');
    header.writeUInt32LE(rows, 8);
    header.writeUInt32LE(names.length, 12);
    let end = 0;
    for (const [bucket, count] of counts.entries()) {
      end += count;
      header.writeUInt32LE(end, headerBytes + 4 * bucket);
    }
    writeSync(file, header, 0, header.length, 0);
    closeSync(file);
    renameSync(temporary, pathOf(folder));
  } catch (error) {
    try {
      closeSync(file);
    } catch {
      // It was closed already.
    }
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The name of the index, beside those of parts. */
export const indexName = 'rows.index';
const pathOf = (folder: string) => join(folder, indexName);

/** The records of rows, in order of the first two bytes of their hashes. */
function sortedRecords(rows: ReadonlyMap<string, RowPlace>, numberOf: (part: string) => number): Buffer {
  const records = Buffer.alloc(rows.size * recordBytes);
  const starts = new Uint32Array(buckets + 1);
  const hashes = Buffer.alloc(rows.size * hashBytes);
  let i = 0;
  for (const key of rows.keys()) {
    hashOf(key).copy(hashes, i++ * hashBytes);
    const bucket = hashes.readUInt16BE((i - 1) * hashBytes) + 1;
    starts[bucket] = (starts[bucket] ?? 0) + 1;
  }
  for (let bucket = 1; bucket <= buckets; bucket++)
    starts[bucket] = (starts[bucket] ?? 0) + (starts[bucket - 1] ?? 0);
  i = 0;
  for (const { part, row } of rows.values()) {
    const from = i++ * hashBytes;
    const bucket = hashes.readUInt16BE(from);
    const place = starts[bucket] ?? 0;
    starts[bucket] = place + 1;
    hashes.copy(records, place * recordBytes, from, from + hashBytes);
    records.writeUInt32LE(numberOf(part), place * recordBytes + hashBytes);
    records.writeUInt32LE(row, place * recordBytes + hashBytes + 4);
  }
  return records;
}

/** @throws RangeError where the file ends before */
function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const read = readSync(file, bytes, done, length - done, position + done);
    if (read === 0) throw new RangeError('The index is cut off.');
    done += read;
  }
  return bytes;
}
