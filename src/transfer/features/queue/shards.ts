/** The work of a queue: shards of pictures, named by what they hold. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileExists, readFile as readBytes, resourceError, sha256, writeFile } from '#platform';
import { UserError } from '../../../errors.js';
import type { Preprocessing } from '../../../graph/preprocessing.js';

/** The name of the queue, and of what Redis holds for it. */
export const queueName = 'ort-transfer-features';

/** What embeddings are made with, as far as a worker cannot know it. */
export interface ShardSetup {
  /** The folder of the cache that they belong to, which tells of a worker whether it would make the same. */
  readonly store: string;
  readonly preprocessing: Preprocessing;
  /** SHA-256 of the backbone as ONNX, which lies in the cache's folder `models`. */
  readonly backbone: string;
  /** SHA-256 of the face detector there; `null` without. */
  readonly detector: string | null;
  /** Length of an embedding. */
  readonly features: number;
  readonly views: number;
  readonly seed: number;
  readonly maxPixels: number;
}

/** A picture of a shard. */
export interface ShardPicture {
  /** Within the source. */
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
}

/** What a worker is asked for. */
export interface Shard {
  readonly setup: ShardSetup;
  /** Where the planner has the pictures. */
  readonly source: string;
  readonly pictures: readonly ShardPicture[];
}

/** How far a worker has come; and what it was about to do, where it does one at a time. */
export interface ShardProgress {
  readonly done: number;
  /** The picture that it begins, by its content, and how many workers have died of it before. */
  readonly at?: { readonly content: string; readonly deaths: number };
  /** Pictures that are given up for it. */
  readonly given?: readonly string[];
}

/** What a worker answers. */
export interface ShardAnswer {
  /** Pictures that were computed, and not found ready. */
  readonly computed: number;
  /** Pictures at which workers died. */
  readonly poisoned: readonly { readonly content: string; readonly reason: string }[];
}

/** Embeddings of a shard, about: some seconds of work, and a part of the cache. */
const rowsPerShard = 256;

export const picturesPerShard = (views: number): number => Math.max(16, Math.ceil(rowsPerShard / views));

/** A name for a shard by what it holds: planning the same twice asks for it once. */
export function shardId({ setup, pictures }: Shard): string {
  const { store, views, seed } = setup;
  const contents = pictures.map(({ content }) => content).sort();
  return createHash('sha256')
    .update(JSON.stringify([store, views, seed, contents]))
    .digest('hex');
}

const modelPath = (cache: string, hash: string): string => join(cache, 'models', `${hash}.onnx`);

/** Puts a model where workers find it. @returns its SHA-256 */
export async function shareModel(cache: string, model: Uint8Array): Promise<string> {
  const hash = await sha256(model);
  const path = modelPath(cache, hash);
  if (!(await fileExists(path))) await writeFile(path, model);
  return hash;
}

/** A model that the planner has put there. @throws UserError where it is not there, or another */
export async function readSharedModel(cache: string, hash: string): Promise<Uint8Array> {
  const path = modelPath(cache, hash);
  let model: Uint8Array;
  try {
    model = await readBytes(path);
  } catch (error) {
    const shortage = resourceError(error);
    if (shortage) throw shortage;
    throw new UserError(
      `Expected the model that the shards are for, as ${path}. Received: nothing that can be read. Hint: \`cache\` must be the folder that 'ort-transfer features' writes to, shared with this machine.`,
      { cause: error },
    );
  }
  if ((await sha256(model)) === hash) return model;
  throw new UserError(`Expected the model with the SHA-256 that ${path} has as its name. Received: another.`);
}
