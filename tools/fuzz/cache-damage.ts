/** Damages to a folder of the feature cache, of each kind that a disk, a copy or a person may do. */
import { copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { oneOf, type Random } from './damage.js';

export type CacheDamage = (folder: string, random: Random) => Promise<void>;

/** A part's two files. */
async function parts(
  folder: string,
  random: Random,
): Promise<{ npy: string; json: string; others: string[] }> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.npy')).sort();
  const name = oneOf(random, names);
  const stem = join(folder, name.replace(/\.npy$/, ''));
  const others = names
    .filter((other) => other !== name)
    .map((other) => join(folder, other.replace(/\.npy$/, '')));
  return { npy: `${stem}.npy`, json: `${stem}.json`, others };
}

/** A damage to one file's bytes. */
const toBytes =
  (kind: 'npy' | 'json', change: (bytes: Buffer, random: Random) => Buffer | undefined): CacheDamage =>
  async (folder, random) => {
    const path = (await parts(folder, random))[kind];
    const bytes = await readFile(path);
    await writeFile(path, change(bytes, random) ?? bytes);
  };

interface Manifest {
  checksum: string;
  rows: { key: string; faces: number | null; flat: boolean }[];
}

/** A damage to a manifest that leaves it readable. */
const toManifest = (change: (manifest: Manifest, random: Random) => void): CacheDamage =>
  toBytes('json', (bytes, random) => {
    const manifest = JSON.parse(bytes.toString()) as Manifest;
    change(manifest, random);
    return Buffer.from(JSON.stringify(manifest));
  });

function flip(bytes: Buffer, random: Random, from = 0): undefined {
  const at = from + random(bytes.length - from);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
}

/** Where the rows of an `.npy` of this project begin. */
const header = 128;

export const cacheDamages: Readonly<Record<string, CacheDamage>> = {
  'a flipped bit in a row': toBytes('npy', (bytes, random) => flip(bytes, random, header)),
  'a flipped bit in the header of the rows': toBytes('npy', (bytes, random) =>
    flip(bytes.subarray(0, header), random),
  ),
  'a flipped bit in the manifest': toBytes('json', (bytes, random) => flip(bytes, random)),
  'zeros at the end of the rows': toBytes('npy', (bytes) => {
    bytes.fill(0, bytes.length >> 1);
  }),
  'zeros instead of all rows': toBytes('npy', (bytes) => {
    bytes.fill(0, header);
  }),
  'a file of zeros': toBytes('npy', (bytes) => bytes.fill(0)),
  'NaN in a row': toBytes('npy', (bytes, random) => {
    bytes.writeFloatLE(Number.NaN, header + 4 * random((bytes.length - header) / 4));
  }),
  'infinity in a row': toBytes('npy', (bytes, random) => {
    bytes.writeFloatLE(Number.POSITIVE_INFINITY, header + 4 * random((bytes.length - header) / 4));
  }),
  'two rows that changed places': toBytes('npy', (bytes) => {
    const row = 48 * 4;
    const first = Buffer.from(bytes.subarray(header, header + row));
    bytes.copyWithin(header, header + row, header + 2 * row);
    bytes.set(first, header + row);
  }),
  'keys that changed places': toManifest(({ rows }) => {
    const [a, b] = rows;
    if (a && b) [a.key, b.key] = [b.key, a.key];
  }),
  'rows of keys that changed places': toManifest(({ rows }) => {
    rows.reverse();
  }),
  'another key': toManifest(({ rows }, random) => {
    oneOf(random, rows).key = 'f'.repeat(64);
  }),
  'another number of faces': toManifest(({ rows }, random) => {
    oneOf(random, rows).faces = 7;
  }),
  'another checksum': toManifest((manifest) => {
    manifest.checksum = '0'.repeat(64);
  }),
  'no checksum': toManifest((manifest) => {
    Reflect.deleteProperty(manifest, 'checksum');
  }),
  'a manifest of nothing': toBytes('json', () => Buffer.from('null')),
  'rows cut short': async (folder, random) => truncate((await parts(folder, random)).npy, 1000),
  'a manifest cut short': async (folder, random) => truncate((await parts(folder, random)).json, 100),
  'rows of another part': async (folder, random) => {
    const { npy, others } = await parts(folder, random);
    await copyFile(`${oneOf(random, others)}.npy`, npy);
  },
  'the manifest of another part': async (folder, random) => {
    const { json, others } = await parts(folder, random);
    await copyFile(`${oneOf(random, others)}.json`, json);
  },
  'a part without its rows': async (folder, random) => rm((await parts(folder, random)).npy),
  'a part without its manifest': async (folder, random) => rm((await parts(folder, random)).json),
};
