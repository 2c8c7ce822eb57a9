import { stackRows } from '../../graph/rows.js';
import { float32, type Tensor } from '../../graph/tensor.js';

/** A picture as the frozen part makes it: a row for each tensor that the rest of the model reads. */
export type FeatureRows = readonly Tensor<'float32'>[];

/** Features beyond this are computed again rather than kept: 1 GiB. */
const MOST_BYTES = 2 ** 30;

/** A picture that is drawn. */
export interface Drawn {
  /** Its place in the data set. */
  readonly index: number;
  /** The state of its file; empty where it comes from none. */
  readonly stamp: string;
}

/** The place of a view's features, and the sources that they are made from. */
export interface FeatureKey {
  readonly view: number;
  readonly stamp: string;
  /** Counts the changes of the sources, as they stood when the view was drawn. */
  readonly generation: number;
}

/**
 * Keeps the features of an iterator's pictures from epoch to epoch, some views of each.
 *
 * The first time a picture is drawn its first view is made, with the transform that was drawn, and so on; once there
 * are as many views as asked for, they come round again in the same order. With one view and no random transforms
 * this changes nothing but the time it takes: a picture whose file is replaced is made anew.
 */
export class FeatureCache {
  readonly #entries = new Map<number, { readonly stamp: string; readonly rows: FeatureRows }>();
  readonly #timesDrawn = new Map<number, number>();
  #bytes = 0;
  /** Everything but the pictures that features come from: they are forgotten when one of these differs. */
  #sources: readonly unknown[] = [];
  #generation = 0;

  constructor(
    /** Views of each picture. */
    readonly views: number,
  ) {}

  /** Forgets everything unless it was made from the same sources. */
  makeValidFor(sources: readonly unknown[]): void {
    if (sources.length === this.#sources.length && sources.every((source, i) => source === this.#sources[i]))
      return;
    this.#sources = sources;
    this.#generation++;
    this.#entries.clear();
    this.#timesDrawn.clear();
    this.#bytes = 0;
  }

  /** The key of the view that comes next of each picture. */
  draw(pictures: readonly Drawn[]): FeatureKey[] {
    return pictures.map(({ index, stamp }) => {
      const times = this.#timesDrawn.get(index) ?? 0;
      this.#timesDrawn.set(index, times + 1);
      return { view: index * this.views + (times % this.views), stamp, generation: this.#generation };
    });
  }

  /** The features of a view; `undefined` where they are to be made. */
  get({ view, stamp }: FeatureKey): FeatureRows | undefined {
    const entry = this.#entries.get(view);
    return entry?.stamp === stamp ? entry.rows : undefined;
  }

  /** Keeps features, unless the sources have changed since they were drawn. */
  keep({ view, stamp, generation }: FeatureKey, rows: FeatureRows): void {
    if (generation !== this.#generation) return;
    const bytes = this.#bytes - bytesOf(this.#entries.get(view)?.rows ?? []) + bytesOf(rows);
    if (bytes > MOST_BYTES) return;
    this.#entries.set(view, { stamp, rows });
    this.#bytes = bytes;
  }
}

const bytesOf = (rows: FeatureRows): number => rows.reduce((sum, { data }) => sum + data.byteLength, 0);

/** Row `i` of each tensor, in memory of its own. */
export const takeFeatureRows = (tensors: readonly Tensor<'float32'>[], i: number): FeatureRows =>
  tensors.map(({ data, dims: [count = 1, ...dims] }) => {
    const size = data.length / count;
    return float32(data.slice(i * size, (i + 1) * size), dims);
  });

/** Rows put together into batches again: (N, …) for each tensor. */
export const stackFeatureRows = (rows: readonly FeatureRows[]): Tensor<'float32'>[] =>
  (rows[0] ?? []).map((_, k) => stackRows(rows.flatMap((row) => row[k] ?? [])));
