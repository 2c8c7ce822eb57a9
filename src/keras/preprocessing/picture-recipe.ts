import type { Image } from '../../images/image.js';
import { imgToArray, type LoadImgOptions, loadImg } from './image.js';
import { ImageDataGenerator, type ImageDataGeneratorOptions } from './image-data-generator.js';
import type { ImageArray, TransformParameters } from './transform.js';

/** All that it takes to make a picture, so that another thread can: nothing is drawn any more. */
export interface PictureRecipe {
  readonly path: string;
  readonly loading: LoadImgOptions;
  readonly generator: Omit<ImageDataGeneratorOptions, 'warn' | 'preprocessingFunction'>;
  readonly transform: TransformParameters;
}

/**
 * Reads a picture, changes it and scales it: float32 (H, W, C).
 *
 * @param load reads it; `keptImages` spares a thread to decode it for each view
 */
export async function makePicture(
  { path, loading, generator, transform }: PictureRecipe,
  load: LoadPicture = loadImg,
): Promise<ImageArray> {
  // Who made the generator has been warned of its options already.
  const own = new ImageDataGenerator({ ...generator, warn() {} });
  return own.standardize(own.applyTransform(imgToArray(await load(path, loading)), transform));
}

type LoadPicture = (path: string, loading: LoadImgOptions) => Promise<Image>;

/** Pictures beyond this are decoded again rather than kept: 64 MiB. */
const MOST_BYTES = 2 ** 26;

/** Reads pictures, and those again out of memory that it has read before. */
export function keptImages(): LoadPicture {
  const kept = new Map<string, Image>();
  let bytes = 0;
  return async (path, loading) => {
    const key = JSON.stringify([path, loading]);
    const image = kept.get(key) ?? (await loadImg(path, loading));
    if (!kept.has(key) && bytes + image.data.length <= MOST_BYTES) {
      kept.set(key, image);
      bytes += image.data.length;
    }
    return image;
  };
}
