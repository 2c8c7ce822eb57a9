import { rowCount } from '../../graph/rows.js';
import type { RandomState } from '../random/random-state.js';
import { type Batch, type Batches, isNumberArray } from './data.js';
import { type Form, sampleRows, toSamples } from './samples.js';
import type { Run, Samples } from './trainer.js';

/** Where batches come from, pass after pass. */
export interface Source {
  /** Batches of one pass; `null` where that is known only at its end. */
  readonly batches: number | null;
  /** Whether a pass is under way, with batches left as far as is known. */
  readonly open: boolean;
  /** Starts a new pass. */
  start(): void;
  /**
   * The next batches of this pass, `most` at most; `null` at its end.
   *
   * @param left how many the caller is going to take, these included
   */
  next(most: number, left: number): Promise<Run | null>;
  /** Told after each epoch and each evaluation, and, as in Keras, before the first. */
  onEpochEnd(): void;
}

/** Batches out of arrays that are in memory. */
export class ArraySource implements Source {
  readonly batches: number;
  readonly #order: Int32Array;
  #position = Number.POSITIVE_INFINITY;

  constructor(
    readonly samples: Samples,
    readonly batchSize: number,
    /** Shuffles before each pass, unless `null`. */
    readonly random: RandomState | null,
  ) {
    const count = rowCount(samples.y);
    this.batches = Math.ceil(count / batchSize);
    this.#order = Int32Array.from({ length: count }, (_, i) => i);
  }

  get open(): boolean {
    return this.#position < this.#order.length;
  }

  start(): void {
    this.#position = 0;
    if (this.random) this.#order.set(this.random.permutation(this.#order.length));
  }

  onEpochEnd(): void {}

  async next(most: number): Promise<Run | null> {
    const { samples, batchSize } = this;
    const from = this.#position;
    const order = Array.from(this.#order.subarray(from, from + most * batchSize));
    if (order.length === 0) return null;
    this.#position += order.length;
    if (this.random) return { samples, order, batchSize };
    return inOrder(sampleRows(samples, from, from + order.length), batchSize);
  }
}

/** Batches out of an iterable: `flowFromDirectory`, a generator, a list. */
export class IterableSource implements Source {
  #iterator: AsyncIterator<Batch> | Iterator<Batch> | null = null;
  #seen = 0;

  constructor(
    readonly iterable: Batches,
    /** Batches of a pass, where the iterable does not end by itself. */
    readonly batches: number | null,
    readonly form: Form,
    /** Begins anew where the iterable ends, if it can be iterated over again. */
    readonly endless = false,
  ) {}

  get open(): boolean {
    return this.#iterator !== null && (this.endless || this.#seen !== this.batches);
  }

  start(): void {
    const { iterable } = this;
    this.#seen = 0;
    this.#iterator =
      Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  }

  onEpochEnd(): void {}

  async next(): Promise<Run | null> {
    if (!this.#iterator || !this.open) return null;
    let { value, done } = await this.#iterator.next();
    if (done && this.endless && this.#seen > 0) {
      this.start();
      ({ value, done } = await this.#iterator.next());
    }
    if (done) {
      this.#iterator = null;
      return null;
    }
    this.#seen++;
    const samples = await toSamples(value, this.form);
    return inOrder(samples, rowCount(samples.y));
  }
}

/** A run of all samples as they stand. */
export const inOrder = (samples: Samples, batchSize: number): Run => ({
  samples,
  order: Array.from({ length: rowCount(samples.y) }, (_, i) => i),
  batchSize,
});

/** Whether data are batches to be iterated over, rather than arrays. */
export const isBatches = (x: unknown): x is Batches =>
  typeof x === 'object' &&
  x !== null &&
  !Array.isArray(x) &&
  !isNumberArray(x) &&
  !('dims' in x) &&
  (Symbol.asyncIterator in x || Symbol.iterator in x);

/** The batches of a pass, where an iterable tells. */
export const lengthOf = (batches: Batches): number | null =>
  'length' in batches && typeof batches.length === 'number' ? batches.length : null;
