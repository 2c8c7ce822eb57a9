import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile as readFileBytes } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { DownloadError, download, type RemoteFile } from '../download.js';
import { readFile, writeFile } from './files.js';
import { findModule } from './pool/find-module.js';

/** In hexadecimal; computed beside the thread that asks. */
export const sha256 = async (bytes: Uint8Array): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', bytes as BufferSource)).toString('hex');

/**
 * The bytes of a model of `@vladmandic/human`: `faceres.json`, `blazeface.bin`. This package carries them; in a clone
 * they are in the installed package.
 */
export async function readHumanModel(file: string): Promise<Uint8Array> {
  const carried = findModule(() => new URL(`../../../models/${file}`, import.meta.url), `../models/${file}`);
  return readFileBytes(carried ?? join(humanFolder(), 'models', file));
}

/** The package exports its code alone, so its folder is found by walking up from there. */
function humanFolder(): string {
  let folder = dirname(createRequire(import.meta.url).resolve('@vladmandic/human'));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/**
 * The bytes of a weights file of Keras's: found where Python's Keras keeps it (`$KERAS_HOME/models`, then
 * `~/.keras/models`), else downloaded to the first of these, whole or not at all.
 *
 * @throws DownloadError saying where to put the file by hand, or which one to delete
 */
export async function readKerasFile(remote: RemoteFile): Promise<Uint8Array> {
  const usual = join(homedir(), '.keras');
  const { KERAS_HOME } = process.env;
  for (const folder of [KERAS_HOME, usual]) {
    const kept = folder && join(folder, 'models', remote.file);
    if (kept && existsSync(kept)) return readKept(kept, remote);
  }
  const path = join(KERAS_HOME || usual, 'models', remote.file);
  try {
    const bytes = await download(remote);
    const problem = await wrongHash(bytes, remote);
    if (problem) throw new DownloadError(`${problem} from ${remote.url}.`);
    await writeFile(path, bytes);
    return bytes;
  } catch (cause) {
    throw new DownloadError(
      `${(cause as Error).message} Hint: download it from ${remote.url} and save it as ${path}`,
      { cause },
    );
  }
}

/** Says which hash is not the published one; `null` where all are. */
async function wrongHash(
  bytes: Uint8Array,
  { file, sha256: expected, md5 }: RemoteFile,
): Promise<string | null> {
  const hash = expected === undefined ? undefined : await sha256(bytes);
  if (hash !== expected) return `Expected ${file} with the SHA-256 ${expected}. Received: ${hash}`;
  const sum = md5 === undefined ? undefined : createHash('md5').update(bytes).digest('hex');
  return sum === md5 ? null : `Expected ${file} with the MD5 ${md5}. Received: ${sum}`;
}

/**
 * A file that was kept, whoever put it there: its hash may be another than the published one, as Keras takes it, too.
 *
 * @throws DownloadError that names the file when it is not whole
 */
async function readKept(path: string, { check }: RemoteFile): Promise<Uint8Array> {
  const bytes = await readFile(path);
  try {
    check?.(bytes);
  } catch (cause) {
    const problem = (cause as Error).message.replace(/ Hint: .*/, '');
    throw new DownloadError(`${problem} Hint: delete ${path}, so that it is fetched again.`, { cause });
  }
  return bytes;
}
