import { ValueError } from '../../errors.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import { named, refuseOthers } from '../../named-options.js';
import { globalRandom } from '../random/global-random.js';
import { saveImg } from './image.js';
import type { ImageTransformer } from './image-transformer.js';
import type { PictureRecipe } from './picture-recipe.js';
import type { ImageArray, TransformParameters } from './transform.js';

/** Pictures (N, H, W, C); then their targets and the weights of the samples, where there are any. */
export type ImageBatch = [x: Tensor<'float32'>, y?: Tensor, sampleWeight?: Tensor];

/** Options of every iterator over pictures. */
export interface IteratorOptions {
  /** Pictures a batch. Default: 32. */
  batchSize?: number;
  /** Whether each pass has an order of its own. Default: true. */
  shuffle?: boolean;
  /** Makes order and changes repeatable; `null` draws on from the process-wide stream. Default: `null`. */
  seed?: number | null;
  /** A folder to write each changed picture to, for looking at. Default: none. */
  saveToDir?: string | null;
  /** Their names begin with this. Default: nothing. */
  savePrefix?: string;
  /** Their format. Default: `png`. */
  saveFormat?: string;
}

/** The options with their defaults. @throws TypeError when an iterator of this class does not know one */
export function settingsOf(
  options: IteratorOptions,
  type: abstract new (...given: never) => unknown,
): Required<IteratorOptions> {
  const {
    batchSize = 32,
    shuffle = true,
    seed = null,
    saveToDir = null,
    savePrefix = '',
    saveFormat = 'png',
    ...others
  } = named(options, type);
  refuseOthers(others, type);
  return { batchSize, shuffle, seed, saveToDir, savePrefix, saveFormat };
}

/** Everything that was drawn for a batch. */
export interface Draws {
  /** Which pictures it holds. */
  readonly indices: readonly number[];
  /** How each is changed. */
  readonly transforms: readonly TransformParameters[];
  /** The name of each ends in this, where `saveToDir` keeps them. */
  readonly hashes: readonly number[];
}

/**
 * Batches of pictures without end, shuffled anew after each pass: `keras.legacy.preprocessing.image.Iterator`.
 *
 * Every batch reseeds the process-wide stream with `seed + totalBatchesSeen`. All that a batch draws is drawn before
 * the first picture is decoded, so that batches asked for at the same time do not disturb each other.
 */
export abstract class ImageIterator implements AsyncIterableIterator<ImageBatch> {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number | null;
  /** Where the next batch of `next()` starts, in batches. */
  batchIndex = 0;
  totalBatchesSeen = 0;
  /** Where each changed picture is written to; `null` for nowhere. */
  readonly saveToDir: string | null;
  readonly #save: { folder: string; prefix: string; format: string } | null;
  #order: number[] | null = null;

  /**
   * @param n how many pictures there are
   * @param saveHashes how many names the pictures of `saveToDir` may end in
   */
  constructor(
    readonly n: number,
    readonly imageDataGenerator: ImageTransformer,
    options: IteratorOptions,
    private readonly saveHashes: number,
  ) {
    const { batchSize, shuffle, seed, saveToDir, savePrefix, saveFormat } = settingsOf(options, new.target);
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new ValueError(`Expected \`batchSize\` to be a positive whole number. Received: ${batchSize}.`);
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.seed = seed;
    this.saveToDir = saveToDir;
    this.#save = saveToDir === null ? null : { folder: saveToDir, prefix: savePrefix, format: saveFormat };
  }

  /** Batches a pass: Python's `len(iterator)`. */
  get length(): number {
    return Math.ceil(this.n / this.batchSize);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next batch; the last of a pass may be smaller. Never done. */
  async next(): Promise<{ done: false; value: ImageBatch }> {
    const { n, batchSize } = this;
    this.#reseed();
    if (this.batchIndex === 0 || !this.#order) this.onEpochEnd();
    const start = n === 0 ? 0 : (this.batchIndex * batchSize) % n;
    this.batchIndex = n > start + batchSize ? this.batchIndex + 1 : 0;
    this.totalBatchesSeen++;
    return { done: false, value: await this.make(this.#drawFrom(start)) };
  }

  /**
   * The batch of this index in the present order: Python's `iterator[index]`, which Keras's `fit` uses.
   *
   * @throws ValueError when there are not so many
   */
  async get(index: number): Promise<ImageBatch> {
    return this.make(this.draw(index));
  }

  /**
   * Draws all that the batch of this index needs, and makes nothing yet: which pictures, and how each is changed.
   *
   * @throws ValueError when there are not so many
   */
  draw(index: number): Draws {
    if (index >= this.length)
      throw new ValueError(`Asked to retrieve element ${index}, but the Sequence has length ${this.length}`);
    this.#reseed();
    this.totalBatchesSeen++;
    if (!this.#order) this.onEpochEnd();
    return this.#drawFrom(this.batchSize * index);
  }

  /** Makes the batch that was drawn. */
  async make(draws: Draws): Promise<ImageBatch> {
    const { indices, transforms } = draws;
    const generator = this.imageDataGenerator;
    const size = this.imageShape.reduce((a, b) => a * b, 1);
    const x = new Float32Array(indices.length * size);
    await Promise.all(
      Array.from(indices.entries(), async ([i, index]) => {
        const picture = generator.applyTransform(await this.load(index), transforms[i] ?? {});
        x.set(generator.standardize(picture).data, i * size);
      }),
    );
    const batch = float32(x, [indices.length, ...this.imageShape]);
    await this.#saveTo(batch, draws);
    return [batch, ...this.targets(indices, batch)] as ImageBatch;
  }

  /** How another thread makes the picture of this index; `null` where only this one can. */
  recipe(_index: number, _transform: TransformParameters): PictureRecipe | null {
    return null;
  }

  /** The state that the file of this picture is in; empty where it comes from none. */
  stampOf(_index: number): string {
    return '';
  }

  /** Draws the order of the next pass. */
  onEpochEnd(): void {
    const { n } = this;
    this.#order = this.shuffle ? globalRandom().permutation(n) : Array.from({ length: n }, (_, i) => i);
  }

  /** Starts the pass anew. */
  reset(): void {
    this.batchIndex = 0;
  }

  /** The shape (H, W, C) of the pictures. */
  abstract readonly imageShape: readonly number[];

  /** The picture at this place, unchanged, in memory of its own. */
  protected abstract load(index: number): Promise<ImageArray> | ImageArray;

  /** Targets of these pictures, and weights where there are any. `x` holds the pictures, for class mode `input`. */
  abstract targets(indices: readonly number[], x: Tensor<'float32'>): Tensor[];

  #reseed(): void {
    if (this.seed !== null) globalRandom().seed(this.seed + this.totalBatchesSeen);
  }

  /** Everything that a batch needs is drawn at once, however long it takes to make. */
  #drawFrom(start: number): Draws {
    const indices = this.#order?.slice(start, start + this.batchSize) ?? [];
    const transforms = indices.map(() => this.imageDataGenerator.getRandomTransform(this.imageShape));
    const hashes = this.#save ? indices.map(() => globalRandom().randint(this.saveHashes)) : [];
    return { indices, transforms, hashes };
  }

  async #saveTo({ data }: Tensor<'float32'>, { indices, hashes }: Draws): Promise<void> {
    if (!this.#save) return;
    const { folder, prefix, format } = this.#save;
    const size = data.length / indices.length;
    for (const [i, index] of indices.entries()) {
      const picture = float32(data.subarray(i * size, (i + 1) * size), this.imageShape);
      await saveImg(`${folder}/${prefix}_${index}_${hashes[i]}.${format}`, picture, { fileFormat: format });
    }
  }
}
