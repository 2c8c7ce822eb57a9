/** The work of one thread of the extraction: from a file's bytes to embeddings, or to the pixels that a GPU embeds. */
import { decodeImage, openEngine } from '#platform';
import { Embedder, type EmbedderOptions } from '../../classifier/embedder.js';
import { viewOf } from '../../classifier/views.js';
import { joinBytes, joinFloats } from '../../graph/rows.js';
import type { PictureFacts, PictureFile } from './picture.js';

export interface WorkerSetup extends Omit<EmbedderOptions, 'decode'> {
  readonly engine: 'ort' | 'js';
  readonly maxPixels: number;
  readonly seed: number;
}

/** A file with the views of it that are wanted. */
export interface Picture extends PictureFile {
  readonly views: readonly number[];
}

export interface Extracted extends PictureFacts {
  /** Embeddings (views, D), or pixels (views, height, width, 3). */
  readonly rows: Float32Array | Uint8Array;
}

/** Called by the pool in each thread. */
export async function start(setup: WorkerSetup): Promise<(picture: Picture) => Promise<Extracted>> {
  const engine = await openEngine({ engine: setup.engine, provider: 'cpu', threads: 1 });
  const embedder = await Embedder.open(engine, { ...setup, decode: decodeImage });
  return async ({ bytes, content, views }) => {
    const { image, faces, flat } = await embedder.prepare(bytes);
    const shown = views.map((view) => viewOf(image, view, { seed: setup.seed, content }));
    if (!embedder.embeds) return { rows: joinBytes(shown.map(({ data }) => data)), faces, flat };
    const rows: Float32Array[] = [];
    for (const view of shown) rows.push(await embedder.embed(view));
    return { rows: joinFloats(rows), faces, flat };
  };
}
