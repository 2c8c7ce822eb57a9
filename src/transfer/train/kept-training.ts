/** The state of a training on disk, beside the model that it is for, until that is written. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readFile, remove, writeFile } from '#platform';
import type { Dataset } from '../../classifier/dataset.js';
import type { HeadState, KeptHead } from '../../classifier/keep-training.js';
import { arrayTypes, sizeOf, type Tensor } from '../../graph/tensor.js';
import type { Preparation } from '../features/preparation.js';
import type { Reporter } from '../reporter.js';

/** Milliseconds from state to state within an epoch, at least. */
const interval = 10e3;

/** Counts changes to what training does with the same inputs. */
const generation = 1;

/** What the result of a training depends on. */
export interface TrainingInputs {
  readonly training: Dataset;
  readonly validation: Dataset | null;
  readonly preparation: Preparation;
  /** Everything else, as JSON may have it. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Where the parts of one training are kept: those of folds, and that of the model itself. */
export class KeptTraining {
  private constructor(
    readonly folder: string,
    private readonly key: string,
  ) {}

  /** Finds what an earlier run left beside `model`, and removes it where that had other inputs. Says which. */
  static async open(model: string, inputs: TrainingInputs, reporter: Reporter): Promise<KeptTraining> {
    const folder = join(dirname(model), `.${basename(model)}.training`);
    const kept = new KeptTraining(folder, keyOf(inputs));
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending));
    if (names.length === 0) return kept;
    const states = await Promise.all(names.map((name) => kept.part(name.slice(0, -ending.length)).read()));
    if (states.every((state) => state === null)) {
      reporter.info(
        'An earlier run was interrupted, with other pictures, options or seed, or its state cannot be read: training begins anew',
      );
      await remove(folder);
    } else {
      const epochs = states.reduce((sum, state) => sum + (state?.epoch ?? 0), 0);
      reporter.info(`Going on where an earlier run was interrupted, ${epochs} epochs in`);
    }
    return kept;
  }

  /** The state of one part. */
  part(name: string): KeptHead {
    const path = join(this.folder, `${name}${ending}`);
    return {
      interval,
      read: async () => {
        const bytes = await readFile(path).catch(() => null);
        return bytes && decodeState(bytes, this.key);
      },
      write: (state) => writeFile(path, encodeState(state, this.key)),
    };
  }

  /** Removes everything: the model is written. */
  async remove(): Promise<void> {
    await remove(this.folder);
  }
}

const ending = '.state';

/** A hash of all that a training depends on. */
function keyOf({ training, validation, preparation, settings }: TrainingInputs): string {
  const hash = createHash('sha256');
  const { preprocessing, backboneModel } = preparation;
  hash.update(JSON.stringify([generation, preprocessing, settings]));
  hash.update(backboneModel);
  for (const dataset of [training, validation]) {
    hash.update(JSON.stringify([dataset?.classes ?? null]));
    for (const { path, content, label } of dataset?.pictures ?? [])
      hash.update(JSON.stringify([path, content, label]));
  }
  return hash.digest('hex');
}

/** How a state lies in its file: SHA-256 of all that follows, length of a JSON, the JSON, arrays one after the other. */
const lengthAt = 32;
const headerAt = 36;

/** An array in the file. */
interface StoredArray {
  readonly type: Tensor['type'];
  readonly dims: readonly number[];
}

export function encodeState(state: HeadState, key: string): Uint8Array {
  const { weights, optimizer, best, ...rest } = state;
  const plain = (data: Float32Array): Tensor => ({ type: 'float32', dims: [data.length], data }) as Tensor;
  const arrays = [...weights.map(plain), ...optimizer, ...(best?.weights ?? []).map(plain)];
  const header = {
    ...{ key, ...rest },
    counts: [weights.length, optimizer.length],
    best: best && { epoch: best.epoch, accuracy: best.accuracy, loss: best.loss },
    arrays: arrays.map(({ type, dims }): StoredArray => ({ type, dims })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const body = Buffer.concat([
    length,
    json,
    ...arrays.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ]);
  return Buffer.concat([createHash('sha256').update(body).digest(), body]);
}

/** @returns `null` for anything that is damaged, or of a training with another key */
export function decodeState(bytes: Uint8Array, key: string): HeadState | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < headerAt) return null;
  const digest = createHash('sha256').update(file.subarray(lengthAt)).digest();
  if (!digest.equals(file.subarray(0, lengthAt))) return null;
  const end = headerAt + file.readUInt32LE(lengthAt);
  const { key: found, counts, arrays, best, ...rest } = JSON.parse(file.toString('utf8', headerAt, end));
  if (found !== key) return null;
  let offset = end;
  const tensors = (arrays as StoredArray[]).map(({ type, dims }) => {
    const ArrayType = arrayTypes[type];
    const size = sizeOf(dims);
    // In memory of its own, which is aligned.
    const part = Uint8Array.from(file.subarray(offset, offset + size * ArrayType.BYTES_PER_ELEMENT));
    offset += part.length;
    return { type, dims, data: new ArrayType(part.buffer, 0, size) } as Tensor;
  });
  const floats = (some: readonly Tensor[]) => some.map(({ data }) => data as Float32Array);
  const [weights, optimizer] = counts as [number, number];
  return {
    ...rest,
    weights: floats(tensors.slice(0, weights)),
    optimizer: tensors.slice(weights, weights + optimizer),
    best: best && { ...best, weights: floats(tensors.slice(weights + optimizer)) },
  };
}
