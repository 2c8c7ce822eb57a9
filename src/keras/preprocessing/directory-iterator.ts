import { fileStamp, print as printToConsole } from '#platform';
import { ValueError } from '../../errors.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import { named } from '../../named-options.js';
import type { Print, Warn } from '../callbacks/callback.js';
import { firstOnly } from './clipping.js';
import { filesBelow, join, subfolders } from './directory.js';
import {
  type ColorMode,
  channelsOf,
  type Interpolation,
  imgToArray,
  type LoadImgOptions,
  loadImg,
  type Size,
} from './image.js';
import { ImageIterator, type IteratorOptions, settingsOf } from './image-iterator.js';
import type { ImageTransformer } from './image-transformer.js';
import type { PictureRecipe } from './picture-recipe.js';
import type { ImageArray, TransformParameters } from './transform.js';

/**
 * The targets: rows with a one at the class's index (`categorical`), indices (`sparse` and `binary`), the pictures
 * themselves (`input`), or nothing.
 */
export type ClassMode = 'categorical' | 'binary' | 'sparse' | 'input' | null;

export interface FlowFromDirectoryOptions extends IteratorOptions {
  /** Height and width in pixels that pictures are stretched to. Default: 256 by 256. */
  targetSize?: Size;
  /** Whether pictures are read grey, in colour, or with transparency. Default: `rgb`. */
  colorMode?: ColorMode;
  /** The folders to read, in the order of their indices. Default: all, in Python's order. */
  classes?: readonly string[] | null;
  /** How targets tell the class. Default: `categorical`. */
  classMode?: ClassMode;
  /** How pictures are stretched. Default: `nearest`. */
  interpolation?: Interpolation;
  /** Cuts pictures to the proportions of `targetSize` first. Default: false. */
  keepAspectRatio?: boolean;
  /** Walks into linked folders, too. Default: false. */
  followLinks?: boolean;
  /**
   * With `validationSplit`: the first part of each class's files (`validation`), or the rest (`training`).
   * Default: all.
   */
  subset?: 'training' | 'validation' | null;
  /** Turns pictures upright as their EXIF data says. Default: false, as in Keras. */
  exif?: boolean;
  /** Writes messages. Default: to standard output. */
  print?: Print;
}

/** Endings of picture files, in lower case. Keras asks for no dot. */
const endings = ['png', 'jpg', 'jpeg', 'bmp', 'ppm', 'tif', 'tiff'];

/** Batches of the pictures in a folder of folders, one a class: `ImageDataGenerator.flow_from_directory`. */
export class DirectoryIterator extends ImageIterator {
  readonly classMode: ClassMode;
  readonly targetSize: Size;
  readonly colorMode: ColorMode;
  /** The names of the classes, in the order of their indices. */
  readonly classNames: readonly string[];
  /** The index of each class by its name. */
  readonly classIndices: Readonly<Record<string, number>>;
  /** The index of each picture's class. */
  readonly classes: Int32Array;
  /** Where each picture is, below `directory`. */
  readonly filenames: readonly string[];
  readonly filepaths: readonly string[];
  readonly #loading: LoadImgOptions;
  /** Many pictures of a folder are alike: one word is enough. */
  readonly #warn: Warn;

  constructor(
    readonly directory: string,
    generator: ImageTransformer,
    options: FlowFromDirectoryOptions = {},
  ) {
    const {
      targetSize = [256, 256],
      colorMode = 'rgb',
      classes = null,
      classMode = 'categorical',
      interpolation = 'nearest',
      keepAspectRatio = false,
      followLinks = false,
      subset = null,
      exif = false,
      print = printToConsole,
      ...others
    } = named(options, new.target);
    const settings = settingsOf(others, new.target);
    channelsOf(colorMode);
    checkClassMode(classMode);
    const classNames = classes?.length ? classes : subfolders(directory);
    const found = findPictures(directory, classNames, generator, { subset, followLinks });
    super(found.length, generator, settings, 1e7);
    this.classMode = classMode;
    this.targetSize = targetSize;
    this.colorMode = colorMode;
    this.classNames = [...classNames];
    this.classIndices = Object.fromEntries(classNames.map((name, i) => [name, i]));
    this.classes = Int32Array.from(found, ({ index }) => index);
    this.filenames = found.map(({ file }) => file);
    this.filepaths = this.filenames.map((file) => join(directory, file));
    this.#warn = firstOnly((message) => generator.warn(message));
    this.#loading = { targetSize, colorMode, interpolation, keepAspectRatio, exif };
    print(`Found ${this.samples} images belonging to ${this.numClasses} classes.\n`);
  }

  /** How many pictures there are. */
  get samples(): number {
    return this.n;
  }

  get numClasses(): number {
    return this.classNames.length;
  }

  get labels(): Int32Array {
    return this.classes;
  }

  get imageShape(): readonly number[] {
    return [...this.targetSize, channelsOf(this.colorMode)];
  }

  protected async load(index: number): Promise<ImageArray> {
    return imgToArray(await loadImg(this.#pathOf(index), { ...this.#loading, warn: this.#warn }));
  }

  override recipe(index: number, transform: TransformParameters): PictureRecipe | null {
    // A class of the user's own may load its pictures otherwise.
    if (this.constructor !== DirectoryIterator) return null;
    const generator = this.imageDataGenerator.plainOptions;
    return (
      generator && {
        path: this.#pathOf(index),
        stamp: this.stampOf(index),
        loading: this.#loading,
        generator,
        transform,
      }
    );
  }

  override stampOf(index: number): string {
    return fileStamp(this.#pathOf(index));
  }

  #pathOf(index: number): string {
    const path = this.filepaths[index];
    if (path === undefined)
      throw new RangeError(`Expected the index of one of ${this.n} pictures. Received: ${index}.`);
    return path;
  }

  targets(indices: readonly number[], x: Tensor<'float32'>): Tensor[] {
    const classes = indices.flatMap((i) => this.classes[i] ?? []);
    switch (this.classMode) {
      case 'input':
        return [float32(x.data.slice(), x.dims)];
      case 'binary':
      case 'sparse':
        return [float32(classes)];
      case 'categorical': {
        const rows = new Float32Array(classes.length * this.numClasses);
        for (const [i, index] of classes.entries()) rows[i * this.numClasses + index] = 1;
        return [float32(rows, [classes.length, this.numClasses])];
      }
      default:
        return [];
    }
  }
}

const classModes: readonly ClassMode[] = ['categorical', 'binary', 'sparse', 'input', null];

function checkClassMode(classMode: ClassMode): void {
  if (!classModes.includes(classMode))
    throw new ValueError(
      `Invalid classMode: ${classMode}; expected one of: ${classModes.map(String).join(', ')}`,
    );
}

/** The files of each class, and the class's index, class after class. */
function findPictures(
  directory: string,
  classNames: readonly string[],
  generator: ImageTransformer,
  { subset, followLinks }: { subset: string | null; followLinks: boolean },
): { file: string; index: number }[] {
  const { validationSplit } = generator.options;
  if (subset !== null && subset !== 'training' && subset !== 'validation')
    throw new ValueError(`Invalid subset name: ${subset};expected "training" or "validation"`);
  return classNames.flatMap((name, index) => {
    const files = filesBelow(join(directory, name), endings, followLinks);
    if (files.some((file) => file.toLowerCase().endsWith('.tiff')))
      generator.warn(
        'Using ".tiff" files with multiple bands will cause distortion. Please verify your output.',
      );
    const middle = Math.trunc(validationSplit * files.length);
    const [from, to] =
      subset === 'validation'
        ? [0, middle]
        : subset === 'training'
          ? [middle, files.length]
          : [0, files.length];
    return files.slice(from, to).map((file) => ({ file: join(name, file), index }));
  });
}
