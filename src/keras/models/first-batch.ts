import { ValueError } from '../../errors.js';
import type { Shape } from '../symbolic-shape.js';
import type { Data } from './choose-source.js';
import {
  type Batch,
  type Batches,
  type Inputs,
  isNumberArray,
  isTensor,
  toFloatTensor,
  toInputs,
} from './data.js';
import { isDataset, isImageIterator } from './dataset-source.js';
import { isBatches } from './source.js';

/**
 * The shapes of a model's inputs, the batch first, as the first batch has them, and data that begin with that batch
 * all the same.
 *
 * @throws ValueError when there is no batch
 */
export async function lookAtFirst(x: Data): Promise<{ shapes: readonly Shape[]; data: Data }> {
  const shapesOf = (inputs: Inputs) => toInputs(inputs, []).map(({ dims }) => [null, ...dims.slice(1)]);
  if (isImageIterator(x)) return { shapes: [[null, ...x.imageShape]], data: x };
  if (isDataset(x)) {
    const [inputs] = await x.make(x.draw(0));
    return { shapes: shapesOf(inputs), data: x };
  }
  if (!isBatches(x)) return { shapes: shapesOf(x), data: x };
  const iterator = Symbol.asyncIterator in x ? x[Symbol.asyncIterator]() : x[Symbol.iterator]();
  const { value: first, done } = await iterator.next();
  if (done) throw new ValueError('Expected at least one batch. Received: none.');
  return { shapes: shapesOf(first[0]), data: beginWith(first, iterator, x) };
}

/** Batches whose first pass goes on where the look at the first one ended. */
function beginWith(first: Batch, rest: AsyncIterator<Batch> | Iterator<Batch>, all: Batches): Batches {
  let begun = false;
  return {
    ...('length' in all ? { length: all.length } : {}),
    async *[Symbol.asyncIterator]() {
      if (begun) {
        yield* all;
        return;
      }
      begun = true;
      yield first;
      for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
    },
  };
}

/**
 * An array of batches as something that yields them; other data as they are.
 *
 * Numbers alone are batches unless they may as well be one array of rank 3, such as sequences, whose targets are missing.
 */
export function spreadBatches(x: Data, y: unknown): Data {
  if (y !== null || !Array.isArray(x) || x.length === 0 || !x.every(isPair)) return x;
  const isMarked = x.flat().some((part) => isTensor(part) || isNumberArray(part));
  if (!isMarked && isOfRank3(x)) return x;
  const batches: readonly Batch[] = x;
  return { length: batches.length, [Symbol.iterator]: () => batches.values() } as Batches;
}

const isPair = (batch: unknown): boolean =>
  Array.isArray(batch) &&
  (batch.length === 2 || batch.length === 3) &&
  batch.every((part) => typeof part === 'object');

function isOfRank3(x: Parameters<typeof toFloatTensor>[0]): boolean {
  try {
    return toFloatTensor(x).dims.length === 3;
  } catch {
    return false;
  }
}
