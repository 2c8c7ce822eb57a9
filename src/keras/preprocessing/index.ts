export type { DatasetOptions } from './dataset-options.js';
export { type ClassMode, DirectoryIterator, type FlowFromDirectoryOptions } from './directory-iterator.js';
export {
  arrayToImg,
  type ColorMode,
  type Image,
  type Interpolation,
  imgToArray,
  type LoadImgOptions,
  loadImg,
  type SaveImgOptions,
  type Size,
  saveImg,
} from './image.js';
export {
  type FitOptions as ImageDataGeneratorFitOptions,
  ImageDataGenerator,
  type ImageDataGeneratorOptions,
  type ShiftRange,
} from './image-data-generator.js';
export { ImageDataset, imageDatasetFromDirectory } from './image-dataset.js';
export { type Draws, type ImageBatch, ImageIterator, type IteratorOptions } from './image-iterator.js';
export { type FlowOptions, type Labels, NumpyArrayIterator, type Pictures } from './numpy-array-iterator.js';
export { type PyDataset, PyDatasetAdapter, type PyDatasetAdapterOptions } from './py-dataset-adapter.js';
export { describeScaling, type Scaling, scalingWarning } from './scaling.js';
export { toCategorical } from './to-categorical.js';
export {
  applyAffineTransform,
  applyBrightnessShift,
  applyChannelShift,
  type ImageArray,
  type TransformParameters,
} from './transform.js';
