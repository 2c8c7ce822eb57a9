import { joinRows, rowCount } from '../../graph/rows.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import type { Draws, ImageIterator } from '../preprocessing/image-iterator.js';
import { type PyDataset, PyDatasetAdapter } from '../preprocessing/py-dataset-adapter.js';
import { type TransformParameters, unchanged } from '../preprocessing/transform.js';
import type { Batch } from './data.js';
import { type FeatureCache, type FeatureRows, stackFeatureRows, takeFeatureRows } from './feature-cache.js';
import type { FeatureThreads } from './feature-threads.js';
import { type Form, toSamples } from './samples.js';
import { inOrder, type Source } from './source.js';
import type { Run, Samples } from './trainer.js';

/** Batches found by their index, as image iterators are. */
export type Dataset = PyDataset<Batch, unknown>;

export interface DatasetSourceOptions {
  /** Whether batches come in an order of their own in each pass. */
  shuffle: boolean;
  /** Goes on with the next pass where one ends, as `fitGenerator` does. Default: false. */
  endless?: boolean;
  /** Keeps the features of pictures; `null` where they are new each time. Default: `null`. */
  cache?: FeatureCache | null;
  /** Make the features, where that pays; `null` where pictures are needed themselves. Default: `null`. */
  threads?: FeatureThreads | null;
  /** Everything that the features depend on. Default: nothing. */
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
        // The batches before it are trained on first; the next call throws the error.
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
    const [first] = parts;
    return first ? inOrder(joinSamples(parts), rowCount(first.y)) : null;
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
    const draws = this.dataset.draw(this.#order[this.#seen++] ?? 0);
    const { cache } = this.options;
    const make = async () => toSamples(await this.dataset.make(draws), this.form);
    const drawn =
      cache || this.#hasThreads
        ? this.#makeMissing(draws as Draws, cache ?? null)
        : { samples: make(), size: 0 };
    // The error is thrown where the batch is taken; here it must not go unhandled.
    drawn.samples.catch(() => {});
    return drawn;
  }

  /** Makes the pictures alone whose features are not at hand. */
  #makeMissing(draws: Draws, cache: FeatureCache | null): Drawn {
    const pictures = draws.indices.map((index) => ({ index, stamp: this.#pictures.stampOf(index) }));
    const keys = cache?.draw(pictures) ?? [];
    const views = picturesOf(draws).map((picture, i) => {
      const key = keys[i] ?? null;
      return { picture, key, rows: key === null ? undefined : cache?.get(key) };
    });
    const missing = views.filter(({ rows }) => !rows);
    const make = async () => {
      const made = await this.#makeFeatures(missing.map(({ picture }) => picture));
      for (const [k, rows] of made.entries()) {
        const view = missing[k];
        if (!view) continue;
        view.rows = rows;
        if (view.key !== null) cache?.keep(view.key, rows);
      }
      const targets = this.#pictures.targets(draws.indices, float32([], [0]));
      const x = stackFeatureRows(views.flatMap(({ rows }) => (rows ? [rows] : [])));
      return toSamples([x, ...targets] as unknown as Batch, { ...this.form, extract: async (same) => same });
    };
    return { samples: make(), size: draws.indices.length };
  }

  /** The features of pictures as they were drawn, on threads where that pays. */
  async #makeFeatures(pictures: readonly DrawnPicture[]): Promise<FeatureRows[]> {
    if (pictures.length === 0) return [];
    const fromThreads = await this.#makeOnThreads(pictures);
    const missing = pictures.filter((_, i) => !fromThreads[i]);
    const here = missing.length > 0 ? await this.#makeHere(missing) : [];
    const rows = pictures.map((_, i) => fromThreads[i] ?? here.shift());
    return rows.filter((made) => made !== undefined);
  }

  async #makeHere(pictures: readonly DrawnPicture[]): Promise<FeatureRows[]> {
    const [x] = await this.#pictures.make(drawsOf(pictures));
    const features = await this.form.extract([x]);
    return pictures.map((_, i) => takeFeatureRows(features as Tensor<'float32'>[], i));
  }

  get #pictures(): ImageIterator {
    return this.dataset as unknown as ImageIterator;
  }

  get #hasThreads(): boolean {
    const { threads, cache } = this.options;
    return threads?.areWorthwhile(this.#pictures.n * (cache?.views ?? 1)) ?? false;
  }

  async #makeOnThreads(pictures: readonly DrawnPicture[]): Promise<(FeatureRows | undefined)[]> {
    const { threads } = this.options;
    if (!threads || !this.#hasThreads) return [];
    const recipes = pictures.map(({ index, transform }) => this.#pictures.recipe(index, transform));
    return recipes.every((recipe) => recipe !== null) ? threads.make(recipes) : [];
  }
}

/** One picture of a batch, and how it is changed. */
interface DrawnPicture {
  readonly index: number;
  readonly transform: TransformParameters;
}

const picturesOf = ({ indices, transforms }: Draws): DrawnPicture[] =>
  indices.map((index, i) => ({ index, transform: transforms[i] ?? unchanged }));

const drawsOf = (pictures: readonly DrawnPicture[]): Draws => ({
  indices: pictures.map(({ index }) => index),
  transforms: pictures.map(({ transform }) => transform),
  hashes: [],
});

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
