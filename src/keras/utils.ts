/** `keras.utils`. */

export { clearSession } from './naming.js';
export {
  arrayToImg,
  type DatasetOptions,
  type ImageDataset,
  type IntegerImage,
  imageDatasetFromDirectory,
  imgToArray,
  type LoadImgOptions,
  loadImg,
  type PyDataset,
  type SaveImgOptions,
  saveImg,
  toCategorical,
} from './preprocessing/index.js';
export { Progbar } from './progbar.js';
export { setRandomSeed } from './random/global-random.js';
export { RandomState } from './random/random-state.js';
