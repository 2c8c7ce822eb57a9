/** The face of `ort-transfer/web`. */
export type { BackboneInfo, Licence, Metrics, ModelMetadata } from '../classifier/metadata.js';
export type { Classification, ClassifyOptions, LoadOptions, Prediction } from './classifier.js';
export { ClassifierError, type Fault, type Progress, type WebProvider } from './classifier-protocol.js';
export { ClassifierElement, defineClassifierElement } from './element/classifier-element.js';
export type { ClassifierAttributes, ClassifierEvents } from './element/element-base.js';
export { describeError as explain } from './element/error-words.js';
export { NamedClassifier as Classifier } from './named-classifier.js';
export type { PictureSource } from './picture-source.js';
