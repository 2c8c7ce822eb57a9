/** The work of one thread of `makeThumbnails`. */
import { readPicture } from '#platform';
import type { SmallPicture } from './report.js';
import { shrinkFile } from './shrink.js';

export interface ThumbnailSetup {
  /** The most pixels of width and height. */
  readonly side: number;
  /** Whether EXIF turns pictures upright. */
  readonly exif: boolean;
  /** Pictures with more pixels are refused. Default: 100 million. */
  readonly maxPixels?: number;
}

/** Called by the pool in each thread. */
export const start =
  (setup: ThumbnailSetup) =>
  async (path: string): Promise<SmallPicture> =>
    shrinkFile(await readPicture(path), setup);
