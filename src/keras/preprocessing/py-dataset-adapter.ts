import { named, refuseOthers } from '../../named-options.js';
import { globalPythonRandom } from '../random/global-random.js';
import type { PythonRandom } from '../random/python-random.js';

/** Batches that are found by their index: Keras's `PyDataset`, which its image iterators are. */
export interface PyDataset<Batch, Draws = unknown> {
  /** Batches a pass. */
  readonly length: number;
  /** Draws the random numbers for the batch of this index. */
  draw(index: number): Draws;
  /** Makes the batch that was drawn. */
  make(draws: Draws): Promise<Batch>;
  onEpochEnd(): void;
}

export interface PyDatasetAdapterOptions {
  /** Whether each pass takes the batches in an order of its own, as `fit` does unless told otherwise. Default: false. */
  shuffle?: boolean;
  /** Whether a new pass starts once the first batches were looked at: `predict` goes on with the first. Default: true. */
  reset?: boolean;
  /** Draws that order. Default: the process-wide stream. */
  random?: PythonRandom;
}

/** Keras looks at so many batches to learn their shapes. */
const BATCHES_LOOKED_AT = 2;

/**
 * Takes the batches of a data set in the order in which Keras's `fit` and `evaluate` take them, so that a seed gives
 * the batches that Python trains on.
 *
 * Keras makes the first two batches in advance, to learn their shapes, and starts a new pass at once: both leave their
 * mark on seeded iterators. Then each pass takes all batches, in an order that Python's `random` shuffles.
 *
 * Source: keras.src.trainers.data_adapters.py_dataset_adapter.PyDatasetAdapter
 *
 * @example
 * const adapter = new PyDatasetAdapter(generator.flowFromDirectory('train', { seed: 42 }), { shuffle: true });
 * for (let epoch = 0; epoch < epochs; epoch++)
 *   for await (const [x, y] of adapter.pass()) …
 */
export class PyDatasetAdapter<Batch, Draws = unknown> {
  readonly #shuffle: boolean;
  readonly #random: PythonRandom;

  constructor(
    readonly dataset: PyDataset<Batch, Draws>,
    options: PyDatasetAdapterOptions = {},
  ) {
    const {
      shuffle = false,
      reset = true,
      random = globalPythonRandom(),
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    this.#shuffle = shuffle;
    this.#random = random;
    for (let i = 0; i < Math.min(BATCHES_LOOKED_AT, dataset.length); i++) dataset.draw(i);
    if (reset) dataset.onEpochEnd();
  }

  /** Batches a pass. */
  get length(): number {
    return this.dataset.length;
  }

  /** The batches of one pass. The next pass is drawn when the last batch was taken, or when the caller stops early. */
  async *pass(): AsyncGenerator<Batch> {
    for (const draws of this.drawPass()) yield await this.dataset.make(draws);
  }

  /** The indices of the batches of one pass, in their order. */
  order(): number[] {
    const order = Array.from({ length: this.length }, (_, i) => i);
    if (this.#shuffle) this.#random.shuffle(order);
    return order;
  }

  /** The draws of the batches of one pass, for a caller that has made the pictures before. */
  *drawPass(): Generator<Draws> {
    try {
      for (const index of this.order()) yield this.dataset.draw(index);
    } finally {
      this.dataset.onEpochEnd();
    }
  }
}
