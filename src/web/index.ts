/** The face of `ort-transfer/web`. */
export type { BackboneInfo, Licence, Metrics, ModelMetadata } from '../classifier/metadata.js';
export {
  type Classification,
  Classifier,
  type ClassifyOptions,
  type LoadOptions,
  type Prediction,
} from './classifier.js';
export { ClassifierError, type Fault, type Progress, type WebProvider } from './classifier-protocol.js';
export {
  ClassifierElement,
  type ClassifierEvents,
  defineClassifierElement,
} from './element/classifier-element.js';
export { describeError as explain } from './element/error-words.js';
