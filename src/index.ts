/**
 * What `ort-transfer` offers in Node: Keras's modules under their names, what `keras` itself has at its top, and the
 * whole job from a folder of pictures to one ONNX file.
 */

export type { Engine, Session, Tensors } from './engine/engine.js';
export { jsEngine } from './engine/js.js';
export { type OrtNodeOptions, ortNode } from './engine/ort-node.js';
export { MetadataError, type ModelMetadata, readMetadata } from './graph/metadata.js';
export { float32, type Tensor, tensor } from './graph/tensor.js';
export { ImageError } from './images/image.js';
export * as applications from './keras/applications/index.js';
export * as callbacks from './keras/callbacks/index.js';
export * as initializers from './keras/initializers.js';
export * as layers from './keras/layers/index.js';
export { Input, KerasTensor, Layer, ValueError } from './keras/layers/index.js';
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
export { Classifier, type ClassifyOptions, type Prediction, type Result } from './transfer/classifier.js';
export { type ClassifiedFile, type ClassifyFilesOptions, classifyFiles } from './transfer/classify-files.js';
export { type EvaluateOptions, evaluateClassifier } from './transfer/evaluate.js';
export { type FeaturesManifest, type FeaturesOptions, writeFeatures } from './transfer/features.js';
export type { ClassReport, Evaluation } from './transfer/metrics.js';
export { type EngineOptions, openEngine } from './transfer/open-engine.js';
export { type Published, type PublishOptions, publishModel } from './transfer/publish.js';
export { type Reporter, silent } from './transfer/reporter.js';
export { type TrainOptions, type TrainResult, trainClassifier } from './transfer/train.js';
