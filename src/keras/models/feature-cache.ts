import { stackRows } from '../../graph/rows.js';
import { float32, type Tensor } from '../../graph/tensor.js';

/** What the frozen part makes of one picture: a row for each tensor that the rest of the model reads. */
export type FeatureRows = readonly Tensor<'float32'>[];

/** Features beyond this are computed again rather than kept: 1 GiB. */
const MOST_BYTES = 2 ** 30;

/**
 * Keeps the features of an iterator's pictures from epoch to epoch, some views of each.
 *
 * The first time a picture is drawn its first view is made, with the transform that was drawn, and so on; once there
 * are as many views as asked for, they come round again in the same order. With one view and no random transforms
 * this changes nothing but the time it takes.
 */
export class FeatureCache {
  readonly #rows = new Map<number, FeatureRows>();
  readonly #timesDrawn = new Map<number, number>();
  #bytes = 0;
  /** What the features depend on: they are forgotten when one of these differs. */
  #sources: readonly unknown[] = [];

  constructor(
    /** Views of each picture. */
    readonly views: number,
  ) {}

  /** Forgets everything unless it was made from the same sources. */
  makeValidFor(sources: readonly unknown[]): void {
    if (sources.length === this.#sources.length && sources.every((source, i) => source === this.#sources[i]))
      return;
    this.#sources = sources;
    this.#rows.clear();
    this.#timesDrawn.clear();
    this.#bytes = 0;
  }

  /** The key of the view that comes next of each picture. */
  draw(indices: readonly number[]): number[] {
    return indices.map((index) => {
      const times = this.#timesDrawn.get(index) ?? 0;
      this.#timesDrawn.set(index, times + 1);
      return index * this.views + (times % this.views);
    });
  }

  get(key: number): FeatureRows | undefined {
    return this.#rows.get(key);
  }

  keep(key: number, rows: FeatureRows): void {
    const bytes = rows.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (this.#rows.has(key) || this.#bytes + bytes > MOST_BYTES) return;
    this.#rows.set(key, rows);
    this.#bytes += bytes;
  }
}

/** Row `i` of each tensor, in memory of its own. */
export const takeFeatureRows = (tensors: readonly Tensor<'float32'>[], i: number): FeatureRows =>
  tensors.map(({ data, dims: [count = 1, ...dims] }) => {
    const size = data.length / count;
    return float32(data.slice(i * size, (i + 1) * size), dims);
  });

/** Rows put together into batches again: (N, …) for each tensor. */
export const stackFeatureRows = (rows: readonly FeatureRows[]): Tensor<'float32'>[] =>
  (rows[0] ?? []).map((_, k) => stackRows(rows.flatMap((row) => row[k] ?? [])));
