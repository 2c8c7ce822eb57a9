/**
 * Counts batches and says when to save: Keras's `save_freq`.
 *
 * Several batches may pass between two calls, as with `steps_per_execution`; then it saves at the first that is
 * late enough.
 */
export class SaveFrequency {
  readonly #every: 'epoch' | number;
  #sinceLast = 0;
  #lastBatch = -1;

  constructor(every: 'epoch' | number) {
    this.#every = every;
  }

  get inBatches(): boolean {
    return this.#every !== 'epoch';
  }

  /** The latest batch of the epoch, counted from 0. */
  get lastBatch(): number {
    return Math.max(0, this.#lastBatch);
  }

  /** Whether to save after this batch. */
  isDue(batch: number): boolean {
    if (this.#every === 'epoch') return false;
    const isNewEpoch = batch <= this.#lastBatch;
    this.#sinceLast += isNewEpoch ? batch + 1 : batch - this.#lastBatch;
    this.#lastBatch = batch;
    if (this.#sinceLast < this.#every) return false;
    this.#sinceLast = 0;
    return true;
  }

  startEpoch(): void {
    this.#lastBatch = -1;
  }
}
