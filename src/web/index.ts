/** What `ort-transfer/web` offers a page. */
export type { BackboneInfo, Licence, Metrics, ModelMetadata } from '../graph/metadata.js';
export {
  type Classification,
  Classifier,
  type ClassifyOptions,
  type LoadOptions,
  type Prediction,
} from './classifier.js';
export { ClassifierElement, type ClassifierEvents, defineClassifierElement } from './classifier-element.js';
export { explain } from './explain.js';
export { ClassifierError, type Fault, type Progress, type WebProvider } from './protocol.js';
