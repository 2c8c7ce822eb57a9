/**
 * The API of `ort-transfer` in Node: Keras's modules under their names, the names at the top of `keras` itself, and the
 * whole job from a folder of pictures to one ONNX file.
 */

export { type EngineOptions, openEngine } from '#platform';
export * as applications from './applications.js';
export type { Classified, Prediction, Result, StrangerVerdict } from './classifier/classify.js';
export { MetadataError, type ModelMetadata, readMetadata } from './classifier/metadata.js';
export type { ClassReport, Evaluation } from './classifier/metrics.js';
export type { Engine, Session, Tensors } from './engine/engine.js';
export { jsEngine } from './engine/js.js';
export { type OrtNodeOptions, ortNode } from './engine/ort-node.js';
export { UserError, ValueError } from './errors.js';
export { float32, type Tensor, tensor } from './graph/tensor.js';
export { ImageError } from './images/image.js';
export * as callbacks from './keras/callbacks/index.js';
export * as initializers from './keras/initializers.js';
export * as layers from './keras/layers/index.js';
export { Input, KerasTensor, Layer } from './keras/layers/index.js';
export * as losses from './keras/losses/index.js';
export { Loss } from './keras/losses/index.js';
export * as metrics from './keras/metrics/index.js';
export { Metric } from './keras/metrics/index.js';
export * as models from './keras/models/index.js';
export { Functional, loadModel, Model, Sequential } from './keras/models/index.js';
export * as optimizers from './keras/optimizers/index.js';
export { Optimizer } from './keras/optimizers/index.js';
export * as image from './keras/preprocessing/index.js';
export * as regularizers from './keras/regularizers.js';
export * as saving from './keras/saving/index.js';
export * as utils from './keras/utils.js';
export { type Published, type PublishOptions, publishModel } from './transfer/convert/publish.js';
export {
  type FeaturesManifest,
  type FeaturesOptions,
  writeFeatures,
} from './transfer/data/write-features.js';
export { type EvaluateOptions, evaluateClassifier } from './transfer/evaluate/evaluate.js';
export type { Answer, Verdict } from './transfer/predict/answer.js';
export {
  type ClassifiedFile,
  type ClassifyFilesOptions,
  classifyFiles,
} from './transfer/predict/classify-files.js';
export {
  Classifier,
  type ClassifyInputOptions,
  type EmbedOptions,
  type FailedAnswer,
  type LoadClassifierOptions,
  loadClassifier,
} from './transfer/predict/open-classifier.js';
export type { BytesSource, PictureInput, Pixels, ReadOptions } from './transfer/predict/picture-input.js';
export { type Reporter, silent } from './transfer/reporter.js';
export { type TrainOptions, type TrainResult, trainClassifier } from './transfer/train/train.js';
export { type TrainedFolder, type TrainFolderOptions, train } from './transfer/train/train-folder.js';
