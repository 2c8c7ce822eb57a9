import { float32, type Tensor } from '../../graph/tensor.js';
import type { Draws, ImageIterator } from '../preprocessing/image-iterator.js';
import { type PyDataset, PyDatasetAdapter } from '../preprocessing/py-dataset-adapter.js';
import { type Batch, concatRows } from './data.js';
import { type FeatureCache, type FeatureRows, stackFeatureRows, takeFeatureRows } from './feature-cache.js';
import { type Form, inOrder, type Source, toSamples } from './source.js';
import type { Run, Samples } from './trainer.js';

/** Batches found by their index, as image iterators are. */
export type Dataset = PyDataset<Batch, unknown>;

export interface DatasetSourceOptions {
  /** Whether batches come in an order of their own in each pass. */
  shuffle: boolean;
  /** Goes on with the next pass where one ends, as `fitGenerator` does. */
  endless?: boolean;
  /** Keeps what the frozen part makes of pictures; `null` where they are new each time. */
  cache?: FeatureCache | null;
  /** What the features depend on. */
  featuresOf?: () => readonly unknown[];
}

/**
 * Batches of features that are made before they are trained on: moving weights in and out costs about as much as a
 * step, which a quarter of it does not show beside the pictures, and the progress still moves about once a second.
 */
const madeTogether = 4;

/** A batch that was drawn and is being made. */
interface Drawn {
  readonly samples: Promise<Samples>;
  /** Samples in it; 0 where that is not known. */
  readonly size: number;
  /** Whether nothing has to be made. */
  readonly isAtHand: boolean;
}

/**
 * Batches out of a `PyDataset`, such as `flowFromDirectory` returns, in the order in which Keras's `fit` takes them.
 *
 * The pictures of the next batch are decoded while the model trains on this one.
 */
export class DatasetSource implements Source {
  readonly #adapter: PyDatasetAdapter<Batch, unknown>;
  #order: number[] = [];
  #seen = 0;
  #ahead: Drawn | null = null;

  constructor(
    readonly dataset: Dataset,
    readonly form: Form,
    readonly options: DatasetSourceOptions,
  ) {
    this.#adapter = new PyDatasetAdapter(dataset, { shuffle: options.shuffle, reset: false });
  }

  /** Batches of a pass; of an endless source, those of one pass through the data. */
  get batches(): number {
    return this.#adapter.length;
  }

  get open(): boolean {
    return this.#seen < this.#order.length || (this.options.endless === true && this.#order.length > 0);
  }

  start(): void {
    this.options.cache?.makeValidFor(this.options.featuresOf?.() ?? []);
    this.#order = this.#adapter.order();
    this.#seen = 0;
    this.#ahead = null;
  }

  onEpochEnd(): void {
    if (!this.options.endless) this.dataset.onEpochEnd();
  }

  async next(most: number, left: number): Promise<Run | null> {
    const first = this.#take();
    if (!first) return null;
    const taken = [first];
    // What is at hand already goes together, and some of what is not; a batch that is smaller can only be the last.
    const limit = first.isAtHand ? most : Math.min(most, first.size === 0 ? 1 : madeTogether);
    while (taken.length < limit && taken.at(-1)!.size === first.size) {
      const drawn = this.#take();
      if (drawn?.isAtHand === first.isAtHand && drawn.size <= first.size) taken.push(drawn);
      else {
        this.#ahead = drawn;
        break;
      }
    }
    if (taken.length < left) this.#ahead ??= this.#draw();
    const parts = await Promise.all(taken.map(({ samples }) => samples));
    return inOrder(joinSamples(parts), parts[0]!.y.dims[0]!);
  }

  #take(): Drawn | null {
    const drawn = this.#ahead ?? this.#draw();
    this.#ahead = null;
    return drawn;
  }

  /** Draws the next batch of the pass and begins to make it. */
  #draw(): Drawn | null {
    if (this.#seen === this.#order.length) {
      if (!this.options.endless || this.#order.length === 0) return null;
      this.dataset.onEpochEnd();
      this.start();
    }
    const draws = this.dataset.draw(this.#order[this.#seen++]!);
    const { cache } = this.options;
    const make = async () => toSamples(await this.dataset.make(draws), this.form);
    const drawn = cache
      ? this.#makeMissing(draws as Draws, cache)
      : { samples: make(), size: 0, isAtHand: false };
    // Whoever takes the batch hears of what went wrong; nobody else needs to.
    drawn.samples.catch(() => {});
    return drawn;
  }

  /** Makes the pictures alone whose features are not at hand. */
  #makeMissing({ indices, transforms }: Draws, cache: FeatureCache): Drawn {
    const dataset = this.dataset as unknown as ImageIterator;
    const keys = cache.draw(indices);
    const rows = keys.map((key) => cache.get(key));
    const missing = indices.flatMap((_, i) => (rows[i] ? [] : [i]));
    const make = async () => {
      if (missing.length > 0) {
        const [x] = await dataset.make({
          indices: missing.map((i) => indices[i]!),
          transforms: missing.map((i) => transforms[i]!),
          hashes: [],
        });
        const features = await this.form.extract([x]);
        for (const [k, i] of missing.entries()) {
          rows[i] = takeFeatureRows(features as Tensor<'float32'>[], k);
          cache.keep(keys[i]!, rows[i]);
        }
      }
      const targets = dataset.targets(indices, float32([], [0]));
      const x = stackFeatureRows(rows as FeatureRows[]);
      return toSamples([x, ...targets] as unknown as Batch, { ...this.form, extract: async (same) => same });
    };
    return { samples: make(), size: indices.length, isAtHand: missing.length === 0 };
  }
}

/** Samples one after the other. */
function joinSamples(parts: readonly Samples[]): Samples {
  const [first] = parts as [Samples];
  const join = (tensors: readonly (Tensor | undefined)[]) => concatRows(tensors as Tensor<'float32'>[]);
  return {
    x: first.x.map((_, k) => join(parts.map(({ x }) => x[k]))),
    y: join(parts.map(({ y }) => y)),
    sampleWeight: first.sampleWeight && join(parts.map(({ sampleWeight }) => sampleWeight)),
  };
}

/** Whether data are batches found by their index. */
export const isDataset = (x: unknown): x is Dataset =>
  typeof x === 'object' && x !== null && 'draw' in x && 'make' in x && 'onEpochEnd' in x && 'length' in x;

/** Whether these are pictures whose features can be told apart by their index. */
export const isImageIterator = (dataset: object): dataset is ImageIterator =>
  'imageDataGenerator' in dataset && 'targets' in dataset && 'saveToDir' in dataset;
