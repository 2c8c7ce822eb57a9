/** One part of a cache: rows with their keys, facts and a checksum over all of it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeFile } from '#platform';
import { joinFloats } from '../../graph/rows.js';
import { decodeNpy, encodeNpy } from './npy.js';
import type { PictureFacts } from './picture.js';

/** A row with the facts that are kept beside it. */
export interface StoredRow extends PictureFacts {
  /** (D) */
  readonly row: Float32Array;
}

/** The key of a row, with the facts. */
export type RowEntry = { readonly key: string } & PictureFacts;

/** The file that stands beside the rows of one part. */
interface PartManifest {
  /** See `checksumOf`. */
  readonly checksum: string;
  /** One entry for each row. */
  readonly rows: readonly RowEntry[];
}

/** A part that matches its checksum. */
export interface CachePart {
  readonly rows: readonly RowEntry[];
  /** Length of a row. */
  readonly features: number;
  /** All rows, one after the other. */
  readonly data: Float32Array;
}

/** A part whose files do not match, or cannot be understood. */
export class DamagedPart extends Error {}

/** Writes a part whole or not at all: it counts once its `.json` is there. */
export async function writePart(
  folder: string,
  part: string,
  features: number,
  entries: readonly (StoredRow & RowEntry)[],
): Promise<void> {
  const data = joinFloats(entries.map(({ row }) => row));
  const array = encodeNpy({ type: 'float32', dims: [entries.length, features], data });
  const rows = entries.map(({ key, faces, flat }) => ({ key, faces, flat }));
  const manifest: PartManifest = { checksum: checksumOf(folder, array, rows), rows };
  await writeFile(join(folder, `${part}.npy`), array);
  await writeFile(join(folder, `${part}.json`), JSON.stringify(manifest));
}

/**
 * The keys that a part claims to have, not held against its checksum.
 *
 * @throws DamagedPart where there are none; a system error where it cannot be read
 */
export function readKeys(folder: string, part: string): string[] {
  return parse(readFileSync(join(folder, `${part}.json`))).rows.map(({ key }) => key);
}

/** @throws DamagedPart where it does not match its checksum; a system error where it cannot be read */
export function readPart(folder: string, part: string): CachePart {
  const path = join(folder, part);
  const { checksum, rows } = parse(readFileSync(`${path}.json`));
  const npy = readFileSync(`${path}.npy`);
  if (checksum !== checksumOf(folder, npy, rows))
    throw new DamagedPart('The part does not match its checksum.');
  const { dims, data } = decodeNpy(npy);
  const [count, features = 0] = dims;
  if (!(data instanceof Float32Array) || count !== rows.length)
    throw new DamagedPart('The part has other rows than keys.');
  return { rows, features, data };
}

function parse(json: Buffer): PartManifest {
  try {
    const { checksum, rows } = JSON.parse(json.toString()) as PartManifest;
    if (typeof checksum === 'string' && rows.every(({ key }) => typeof key === 'string'))
      return { checksum, rows };
  } catch {
    // Told below.
  }
  throw new DamagedPart('The part has no keys.');
}

/** SHA-256 of the store's name, the file of rows and their keys and facts: none of them can belong elsewhere. */
function checksumOf(folder: string, npy: Uint8Array, rows: readonly RowEntry[]): string {
  return createHash('sha256')
    .update(`${basename(folder)}\n${JSON.stringify(rows)}\n`)
    .update(npy)
    .digest('hex');
}
