import { sha256 } from '#platform';
import type { Embedder, Prepared } from '../../classifier/embedder.js';
import { viewOf } from '../../classifier/views.js';
import type { Image } from '../../images/image.js';

/** A picture that was embedded, and all it takes to embed more views of it. */
interface Kept {
  /** RGB of the backbone's size. */
  readonly image: Image;
  /** The embeddings so far, in the order of the views. */
  readonly views: Float32Array[];
}

/** The pictures of the studio with their embeddings, in memory. */
export class Gallery {
  readonly #embedder: Embedder;
  readonly #pictures = new Map<string, Kept>();

  constructor(embedder: Embedder) {
    this.#embedder = embedder;
  }

  /**
   * Embeds a picture file.
   *
   * @returns the hash of the file, and the picture as the backbone sees it
   * @throws ImageError when it is no picture
   */
  async add(file: Blob): Promise<Prepared & { content: string }> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const content = await sha256(bytes);
    const prepared = await this.#embedder.prepare(bytes);
    const { image } = prepared;
    if (!this.#pictures.has(content))
      this.#pictures.set(content, { image, views: [await this.#embedder.embed(image)] });
    return { content, ...prepared };
  }

  /** Forgets all pictures but these. @returns those of them that were not added */
  keepOnly(contents: readonly string[]): string[] {
    const wanted = new Set(contents);
    for (const content of this.#pictures.keys()) if (!wanted.has(content)) this.#pictures.delete(content);
    return [...wanted].filter((content) => !this.#pictures.has(content));
  }

  /** The embeddings of the first `count` views of a picture that was added, (D) each. */
  async views(content: string, count: number, seed: number): Promise<Float32Array[]> {
    const kept = this.#pictures.get(content);
    if (!kept) throw new Error(`Expected a picture that was added. Received: '${content}'.`);
    const { image, views } = kept;
    for (let view = views.length; view < count; view++)
      views.push(await this.#embedder.embed(viewOf(image, view, { seed, content })));
    return views.slice(0, count);
  }
}
