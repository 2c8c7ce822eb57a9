import { DirectoryIterator, type FlowFromDirectoryOptions } from './directory-iterator.js';
import { ImageTransformer } from './image-transformer.js';
import { type FlowOptions, type Labels, NumpyArrayIterator, type Pictures } from './numpy-array-iterator.js';

/**
 * Makes batches of pictures that are changed at random and scaled: `keras.legacy.preprocessing.image.ImageDataGenerator`.
 *
 * Given the same seed it yields the same pictures as Keras, in the same order and changed by the same amounts.
 *
 * @example
 * const generator = new ImageDataGenerator({ rescale: 1 / 255, rotationRange: 20, horizontalFlip: true });
 * const batches = generator.flowFromDirectory('faces/train', { targetSize: [224, 224], seed: 42 });
 * for await (const [x, y] of batches) …
 */
export class ImageDataGenerator extends ImageTransformer {
  /** Batches of pictures in memory. See `NumpyArrayIterator`. */
  flow(x: Pictures, y: Labels | null = null, options: FlowOptions = {}): NumpyArrayIterator {
    return new NumpyArrayIterator(x, y, this, options);
  }

  /** Batches of the pictures in a folder of folders, one a class. See `DirectoryIterator`. */
  flowFromDirectory(directory: string, options: FlowFromDirectoryOptions = {}): DirectoryIterator {
    return new DirectoryIterator(directory, this, options);
  }
}
