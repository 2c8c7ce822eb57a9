import { joinRows } from '../../graph/rows.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import type { Draws, ImageIterator } from '../preprocessing/image-iterator.js';
import { type PyDataset, PyDatasetAdapter } from '../preprocessing/py-dataset-adapter.js';
import type { Batch } from './data.js';
import { type FeatureCache, type FeatureRows, stackFeatureRows, takeFeatureRows } from './feature-cache.js';
import type { FeatureThreads } from './feature-threads.js';
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
  /** Make the features, where that pays; `null` where pictures are needed themselves. */
  threads?: FeatureThreads | null;
  /** What the features depend on. */
  featuresOf?: () => readonly unknown[];
}

/**
 * Batches of features that are made before they are trained on, if it takes long, and else as many as it takes so many
 * milliseconds to make: moving weights in and out costs about as much as a step, which does not show beside so much
 * work, and the progress still moves.
 */
const [madeTogether, madeFor] = [4, 1000];

/** A batch that was drawn and is being made. */
interface Drawn {
  readonly samples: Promise<Samples>;
  /** Samples in it; 0 where that is not known. */
  readonly size: number;
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
    const began = performance.now();
    const parts: Samples[] = [];
    let size: number | undefined;
    for (let drawn = this.#take(); drawn; drawn = this.#take()) {
      if (size !== undefined && drawn.size > size) {
        this.#ahead = drawn;
        break;
      }
      if (parts.length + 1 < left) this.#ahead ??= this.#draw();
      const samples = await drawn.samples.catch((error) => {
        if (parts.length === 0) throw error;
        return null;
      });
      if (!samples) {
        // The batches before it are trained on first; the next call tells what went wrong.
        this.#ahead = drawn;
        break;
      }
      parts.push(samples);
      // A batch that is smaller can only be the last.
      const isLast = drawn.size === 0 || (size !== undefined && drawn.size < size);
      const isEnough = parts.length >= madeTogether && performance.now() - began > madeFor;
      if (isLast || parts.length === most || isEnough) break;
      size = drawn.size;
    }
    return parts.length === 0 ? null : inOrder(joinSamples(parts), parts[0]!.y.dims[0]!);
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
    const drawn =
      cache || this.#hasThreads
        ? this.#makeMissing(draws as Draws, cache ?? null)
        : { samples: make(), size: 0 };
    // Whoever takes the batch hears of what went wrong; nobody else needs to.
    drawn.samples.catch(() => {});
    return drawn;
  }

  /** Makes the pictures alone whose features are not at hand. */
  #makeMissing({ indices, transforms }: Draws, cache: FeatureCache | null): Drawn {
    const dataset = this.dataset as unknown as ImageIterator;
    const keys = cache?.draw(indices);
    const rows = indices.map((_, i) => (keys ? cache!.get(keys[i]!) : undefined));
    const missing = indices.flatMap((_, i) => (rows[i] ? [] : [i]));
    const make = async () => {
      const made = await this.#makeFeatures({
        indices: missing.map((i) => indices[i]!),
        transforms: missing.map((i) => transforms[i]!),
        hashes: [],
      });
      for (const [k, i] of missing.entries()) {
        rows[i] = made[k]!;
        if (keys) cache!.keep(keys[i]!, made[k]!);
      }
      const targets = dataset.targets(indices, float32([], [0]));
      const x = stackFeatureRows(rows as FeatureRows[]);
      return toSamples([x, ...targets] as unknown as Batch, { ...this.form, extract: async (same) => same });
    };
    return { samples: make(), size: indices.length };
  }

  /** The features of pictures as they were drawn, on threads where that pays. */
  async #makeFeatures(draws: Draws): Promise<FeatureRows[]> {
    const { indices, transforms } = draws;
    if (indices.length === 0) return [];
    const rows = await this.#makeOnThreads(draws);
    const missing = indices.flatMap((_, i) => (rows[i] ? [] : [i]));
    if (missing.length > 0) {
      const [x] = await (this.dataset as unknown as ImageIterator).make({
        indices: missing.map((i) => indices[i]!),
        transforms: missing.map((i) => transforms[i]!),
        hashes: [],
      });
      const features = await this.form.extract([x]);
      for (const [k, i] of missing.entries()) rows[i] = takeFeatureRows(features as Tensor<'float32'>[], k);
    }
    return rows as FeatureRows[];
  }

  get #hasThreads(): boolean {
    const { threads, cache } = this.options;
    if (!threads) return false;
    return threads.areWorthwhile((this.dataset as unknown as ImageIterator).n * (cache?.views ?? 1));
  }

  async #makeOnThreads({ indices, transforms }: Draws): Promise<(FeatureRows | undefined)[]> {
    const dataset = this.dataset as unknown as ImageIterator;
    const { threads } = this.options;
    if (!threads || !this.#hasThreads) return [];
    const recipes = indices.map((index, i) => dataset.recipe(index, transforms[i]!));
    return recipes.every((recipe) => recipe !== null) ? threads.make(recipes) : [];
  }
}

/** Samples one after the other. */
function joinSamples(parts: readonly Samples[]): Samples {
  const [first] = parts as [Samples];
  const join = (tensors: readonly (Tensor | undefined)[]) => joinRows(tensors as Tensor<'float32'>[]);
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
