/** Which folder of a cache embeddings belong to. */
import { join } from 'node:path';
import { decoderName, fileExists, sha256, writeFile } from '#platform';
import { decoderVersion } from '../../images/decoder-version.js';
import { factsName, type StoreFacts } from './cache-stores.js';
import type { RunOptions } from './run.js';

/** Counts changes to how embeddings come about, or are stored, that no model tells of. */
const generation = 2;

/** Everything but picture and view that an embedding depends on, but for the face detector. */
export async function storeFacts({
  preprocessing,
  backbone,
}: Pick<RunOptions, 'preprocessing' | 'backbone'>): Promise<StoreFacts> {
  return {
    preprocessing,
    backbone: await sha256(backbone),
    decoder: [decoderVersion, await decoderName()],
  };
}

/** The folder of a store: a hash of all that. */
export async function storeName(
  { preprocessing, backbone, decoder }: StoreFacts,
  { detector }: Pick<RunOptions, 'detector'>,
): Promise<string> {
  const models = [backbone, detector ? await sha256(detector) : null];
  const text = JSON.stringify([generation, decoder, preprocessing, models]);
  return (await sha256(new TextEncoder().encode(text))).slice(0, 16);
}

/** Leaves a word in a store on what it was made with, for people. */
export async function describeStore(folder: string, facts: StoreFacts): Promise<void> {
  const path = join(folder, factsName);
  if (!(await fileExists(folder)) || (await fileExists(path))) return;
  // Nothing depends on it.
  await writeFile(path, `${JSON.stringify(facts, null, 2)}\n`).catch(() => {});
}
