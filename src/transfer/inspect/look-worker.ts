/** The work of one thread of `inspect`: tiles of pictures as the backbone will see them, and thumbnails of whole ones. */
import { decodeImage, openEngine, readImageInfo } from '#platform';
import { Embedder } from '../../classifier/embedder.js';
import { viewOf } from '../../classifier/views.js';
import { resize } from '../../images/resample/resample.js';
import type { WorkerSetup } from '../features/features-worker.js';
import { readSamePicture } from '../features/picture.js';
import { type Thumbnail, thumbnailOf } from './thumbnail.js';

export interface LookSetup extends Omit<WorkerSetup, 'backboneModel'> {
  /** Height and width of a tile. */
  readonly tile: number;
}

export interface LookItem {
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** How many views to show; 0 for the thumbnail alone. */
  readonly views: number;
}

export interface Look {
  readonly format: string;
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** Faces found, where they are looked for. */
  readonly faces: number | null;
  /** RGB (tile, tile, 3), one for each view. */
  readonly tiles: readonly Uint8Array[];
  readonly thumbnail: Thumbnail | null;
}

/** Called by the pool in each thread. */
export async function start(setup: LookSetup): Promise<(item: LookItem) => Promise<Look>> {
  const { preprocessing, maxPixels, seed, tile } = setup;
  const { exif } = preprocessing;
  const engine = await openEngine({ engine: setup.engine, provider: 'cpu', threads: 1 });
  const embedder = await Embedder.open(engine, { ...setup, backboneModel: null, decode: decodeImage });
  return async ({ path, content, views }) => {
    const { bytes } = await readSamePicture(path, content);
    const { format, width, height } = readImageInfo(bytes, { exif });
    if (views === 0) {
      const thumbnail = await thumbnailOf(bytes, { exif, maxPixels });
      return { format, width, height, faces: null, tiles: [], thumbnail };
    }
    const { image, faces } = await embedder.prepare(bytes);
    const tiles = Array.from({ length: views }, (_, index) => {
      const view = viewOf(image, index, { seed, content });
      return resize(view, { size: [tile, tile], interpolation: 'bilinear' }).data;
    });
    return { format, width, height, faces, tiles, thumbnail: null };
  };
}
