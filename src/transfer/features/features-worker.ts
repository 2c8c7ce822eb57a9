/** The work of one thread of the extraction: from a file to embeddings, or to the pixels that a GPU embeds. */

import { readFileSync } from 'node:fs';
import { decodeImage, openEngine } from '#platform';
import { Embedder, type EmbedderOptions } from '../../classifier/embedder.js';
import { viewOf } from '../../classifier/views.js';
import { joinBytes, joinFloats } from '../../graph/rows.js';

export interface WorkerSetup extends Omit<EmbedderOptions, 'decode'> {
  readonly engine: 'ort' | 'js';
  readonly maxPixels: number;
  readonly seed: number;
}

export interface Picture {
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** Which views are wanted. */
  readonly views: readonly number[];
}

export interface Extracted {
  /** Embeddings (views, D), or pixels (views, height, width, 3). */
  readonly rows: Float32Array | Uint8Array;
  /** Faces found, where they are looked for. */
  readonly faces: number | null;
}

/** Called by the pool in each thread. */
export async function start(setup: WorkerSetup): Promise<(picture: Picture) => Promise<Extracted>> {
  const engine = await openEngine({ engine: setup.engine, provider: 'cpu', threads: 1 });
  const embedder = await Embedder.open(engine, { ...setup, decode: decodeImage });
  return async ({ path, content, views }) => {
    // Nothing else waits in this thread, so a file is read without a trip to another.
    const { image, faces } = await embedder.prepare(readFileSync(path));
    const shown = views.map((view) => viewOf(image, view, { seed: setup.seed, content }));
    if (!embedder.embeds) return { rows: joinBytes(shown.map(({ data }) => data)), faces };
    const rows: Float32Array[] = [];
    for (const view of shown) rows.push(await embedder.embed(view));
    return { rows: joinFloats(rows), faces };
  };
}
