import type { Image } from '../../images/image.js';
import type { Warn } from '../callbacks/callback.js';
import type { PlainOptions } from './generator-options.js';
import { imgToArray, type LoadImgOptions, loadImg } from './image.js';
import { ImageTransformer } from './image-transformer.js';
import { preprocessInputOf } from './preprocess-input.js';
import type { ImageArray, TransformParameters } from './transform.js';

/** All that it takes to make a picture, so that another thread can: nothing is drawn any more. */
export interface PictureRecipe {
  readonly path: string;
  /** The state that the file is in. */
  readonly stamp: string;
  readonly loading: LoadImgOptions;
  readonly generator: PlainOptions;
  readonly transform: TransformParameters;
}

/** Reads a picture, unless it is at hand, changes it and scales it: float32 (H, W, C). */
export async function makePicture(
  { path, loading, generator, transform }: PictureRecipe,
  image?: Image,
  warn?: Warn,
): Promise<{ image: Image; array: ImageArray }> {
  const read = image ?? (await loadImg(path, { ...loading, warn }));
  const { scaling, ...options } = generator;
  const preprocessingFunction = scaling && preprocessInputOf(scaling);
  // Who made the generator has been warned of its options already.
  const own = new ImageTransformer({ ...options, preprocessingFunction, warn() {} });
  return { image: read, array: own.standardize(own.applyTransform(imgToArray(read), transform)) };
}

/** Pictures beyond this are read again rather than kept: 128 MiB. */
const MOST_BYTES = 2 ** 27;

/** Pictures that were read, for their other views. */
export class KeptImages {
  readonly #images = new Map<string, Image>();
  #bytes = 0;

  get(recipe: PictureRecipe): Image | undefined {
    return this.#images.get(keyOf(recipe));
  }

  keep(recipe: PictureRecipe, image: Image): void {
    const key = keyOf(recipe);
    if (this.#images.has(key) || this.#bytes + image.data.length > MOST_BYTES) return;
    this.#images.set(key, image);
    this.#bytes += image.data.length;
  }
}

const keyOf = ({ path, stamp, loading }: PictureRecipe): string => JSON.stringify([path, stamp, loading]);
