import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';

/** Files of a page, by their names in its folder. */
export type PageFiles = ReadonlyMap<string, Uint8Array>;

/** A page as it was bundled: without model or weights. */
export interface PageBundle {
  readonly files: PageFiles;
  /** The script that keeps files for visits without a network, which waits for their names. */
  readonly serviceWorker: Uint8Array;
}

/** The files with `service-worker.js` beside them, which knows the hash of each. */
export function withServiceWorker(files: PageFiles, script: Uint8Array): Map<string, Uint8Array> {
  const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const builtFiles = Object.fromEntries([...files].map(([name, bytes]) => [name, hashOf(bytes)]));
  const head = `const builtFiles=${JSON.stringify(builtFiles)};\n`;
  return new Map([...files, ['service-worker.js', Buffer.concat([Buffer.from(head), script])]]);
}

/**
 * Writes files into a folder, each whole or not at all.
 *
 * @returns their names and sizes in bytes
 */
export async function writeFiles(out: string, files: PageFiles): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const [name, bytes] of files) {
    await writeWhole(join(out, name), bytes);
    sizes.set(name, bytes.length);
  }
  return sizes;
}

/**
 * Writes files into one zip archive, as web hosts take it.
 *
 * @returns its size in bytes
 */
export async function writeZip(path: string, files: PageFiles): Promise<number> {
  // Dates would make each archive another one.
  const archive = zipSync(Object.fromEntries(files), { mtime: new Date('1980-01-01T00:00'), level: 6 });
  await writeWhole(path, archive);
  return archive.length;
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.partial`, bytes);
  await rename(`${path}.partial`, path);
}
