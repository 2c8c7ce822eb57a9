/** Threads that stay while shards come and go. */
import type { Picture } from '../features-worker.js';
import { embedPictures, type RunOptions, type RunOutcome } from '../run.js';

/** What settles the promise of a picture. */
interface Waiting {
  resolve(outcome: RunOutcome): void;
  reject(error: unknown): void;
}

/** A picture that is to come. */
interface Asked extends Waiting {
  readonly make: () => Promise<Picture>;
}

/** A picture of one pixel. */
const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/**
 * Embeds pictures of several shards at once, with one pool of threads. Pictures are read as threads get free.
 *
 * For the CPU alone: a GPU's batches would wait for pictures of the next shard.
 */
export class SteadyEmbedder {
  readonly #asked: Asked[] = [];
  readonly #underway = new Map<string, Waiting[]>();
  #wake: () => void = () => {};
  #isClosed = false;
  readonly #end: Promise<void>;

  constructor(options: RunOptions) {
    this.#end = this.#run(options);
    this.#end.catch(() => {});
  }

  /** @param make reads the file, when its turn has come */
  embed(make: () => Promise<Picture>): Promise<RunOutcome> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ make, resolve, reject });
      this.#wake();
    });
  }

  /** Has the threads start, if they have not yet. */
  async warm(): Promise<void> {
    await this.embed(async () => ({
      path: 'one pixel',
      bytes: new Uint8Array(Buffer.from(onePixel, 'base64')),
      content: 'one pixel',
      views: [0],
    }));
  }

  /** Ends the threads when what was asked for is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#end.catch(() => {});
  }

  async #run(options: RunOptions): Promise<void> {
    try {
      for await (const outcome of embedPictures(this.#pictures(), options)) {
        const key = keyOf(outcome.picture);
        const [waiting, ...others] = this.#underway.get(key) ?? [];
        if (others.length > 0) this.#underway.set(key, others);
        else this.#underway.delete(key);
        waiting?.resolve(outcome);
      }
    } catch (error) {
      this.#isClosed = true;
      for (const { reject } of [...this.#asked.splice(0), ...[...this.#underway.values()].flat()])
        reject(error);
      throw error;
    }
  }

  async *#pictures(): AsyncGenerator<Picture> {
    for (;;) {
      const asked = this.#asked.shift();
      if (asked) {
        let picture: Picture;
        try {
          picture = await asked.make();
        } catch (error) {
          asked.reject(error);
          continue;
        }
        const key = keyOf(picture);
        this.#underway.set(key, [...(this.#underway.get(key) ?? []), asked]);
        yield picture;
      } else if (this.#isClosed) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

const keyOf = ({ content, views }: Picture): string => `${content} ${views}`;
