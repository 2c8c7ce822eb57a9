import { openThreads } from '#platform';
import type { Engine } from '../../engine/engine.js';
import { KeptImages, type PictureRecipe } from '../preprocessing/picture-recipe.js';
import type { FeatureRows } from './feature-cache.js';
import type { FeatureResult, FeatureTask, FeatureWorkerSetup } from './feature-worker.js';
import type { ForwardOnly } from './forward-only.js';

/** Starting the threads takes as long as making this many pictures on the spot. */
const worthwhile = 128;

/**
 * Takes pictures from their files to their features on all cores: each thread decodes, changes, scales and embeds one
 * after the other, where on the spot the cores wait for each other.
 */
export class FeatureThreads {
  #opened?: { threads: ReturnType<typeof open>; version: string };
  /** A picture's views are made epochs apart, by whichever thread is free. */
  #images = new KeptImages();

  constructor(
    readonly engine: Engine,
    readonly frozen: ForwardOnly,
  ) {}

  /** Whether threads pay for so many pictures; on a GPU they never do. */
  areWorthwhile(pictures: number): boolean {
    if (this.engine.provider !== 'cpu' && this.engine.name !== 'js') return false;
    return this.#opened !== undefined || pictures >= worthwhile;
  }

  /**
   * The features of each picture; `undefined` for those that a thread could not make. They are to be made on the spot,
   * whose error tells all about it.
   *
   * @throws ResourceError where memory or file handles do not suffice for one picture alone
   */
  async make(recipes: readonly PictureRecipe[]): Promise<(FeatureRows | undefined)[]> {
    const { version } = this.frozen;
    if (this.#opened && this.#opened.version !== version) await this.close();
    this.#opened ??= {
      threads: open({ engine: this.engine.name, model: this.frozen.encode() }),
      version,
    };
    const rows: (FeatureRows | undefined)[] = recipes.map(() => undefined);
    const threads = await this.#opened.threads;
    const images = this.#images;
    const tasks = recipes.map((recipe) => ({ recipe, image: images.get(recipe) }));
    if (threads)
      for await (const outcome of threads.map(tasks)) {
        if (!outcome.ok) continue;
        const { rows: made, image } = outcome.value;
        rows[outcome.index] = made;
        if (image) images.keep(outcome.item.recipe, image);
      }
    return rows;
  }

  /** Ends the threads; `make` starts others. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#images = new KeptImages();
    await (await opened?.threads)?.close();
  }
}

/** `null` where no thread can start: the way on the spot works, or tells why not. */
const open = (setup: FeatureWorkerSetup) =>
  openThreads<FeatureTask, FeatureResult>({
    entry: new URL('./feature-worker.js', import.meta.url),
    setup,
  }).catch(() => null);
