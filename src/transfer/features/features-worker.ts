/** The work of one thread of the extraction: from a file's bytes to embeddings, or to the pixels that a GPU embeds. */
import { decodeImage, openEngine } from '#platform';
import { Embedder, type EmbedderOptions } from '../../classifier/embedder.js';
import { viewOf } from '../../classifier/views.js';
import { joinBytes, joinFloats } from '../../graph/rows.js';
import type { Image } from '../../images/image.js';
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
    const { image, faces } = await embedder.prepare(bytes);
    const flat = isFlat(image);
    const shown = views.map((view) => viewOf(image, view, { seed: setup.seed, content }));
    if (!embedder.embeds) return { rows: joinBytes(shown.map(({ data }) => data)), faces, flat };
    const rows: Float32Array[] = [];
    for (const view of shown) rows.push(await embedder.embed(view));
    return { rows: joinFloats(rows), faces, flat };
  };
}

/** Levels of a channel that differ by no more than this show nothing to learn from. */
const flatRange = 15;

/** Whether the levels of each channel hardly differ. */
function isFlat({ data, channels }: Image): boolean {
  for (let c = 0; c < channels; c++) {
    let [low, high] = [255, 0];
    for (let i = c; i < data.length; i += channels) {
      const level = data[i] ?? 0;
      if (level < low) low = level;
      if (level > high) high = level;
      if (high - low > flatRange) return false;
    }
  }
  return true;
}
