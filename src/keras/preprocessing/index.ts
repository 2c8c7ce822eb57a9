export type { Scaling } from '../../graph/preprocessing.js';
export type { DatasetOptions } from './dataset-options.js';
export { describeScaling, scalingWarning } from './describe-scaling.js';
export { type ClassMode, DirectoryIterator, type FlowFromDirectoryOptions } from './directory-iterator.js';
export type { ImageDataGeneratorOptions, ShiftRange } from './generator-options.js';
export {
  type ArrayToImgOptions,
  arrayToImg,
  type ColorMode,
  type Image,
  type IntegerImage,
  type Interpolation,
  imgToArray,
  type LoadImgOptions,
  loadImg,
  type SaveImgOptions,
  type Size,
  saveImg,
} from './image.js';
export { ImageDataGenerator } from './image-data-generator.js';
export { ImageDataset, imageDatasetFromDirectory } from './image-dataset.js';
export { type Draws, type ImageBatch, ImageIterator, type IteratorOptions } from './image-iterator.js';
export type { ImageDataGeneratorFitOptions, ImageTransformer } from './image-transformer.js';
export { type FlowOptions, type Labels, NumpyArrayIterator, type Pictures } from './numpy-array-iterator.js';
export { type PyDataset, PyDatasetAdapter, type PyDatasetAdapterOptions } from './py-dataset-adapter.js';
export { toCategorical } from './to-categorical.js';
export {
  applyAffineTransform,
  applyBrightnessShift,
  applyChannelShift,
  type ImageArray,
  type TransformParameters,
} from './transform.js';
