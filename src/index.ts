/**
 * The API of `ort-transfer` in Node: Keras's modules under their names, the names at the top of `keras` itself, and the
 * whole job from a folder of pictures to one ONNX file.
 */

export {
  DownloadError,
  type DownloadProgress,
  type EngineOptions,
  FolderError,
  OutputBusyError,
  openEngine,
  type Resource,
  ResourceError,
  WorkerDiedError,
} from '#platform';
export * as applications from './applications.js';
export type { Backbone, BackboneOptions, BackboneWriter, FeatureExtractor } from './classifier/backbone.js';
export type { CropChoice } from './classifier/choose-preprocessing.js';
export type { Classified, Prediction, Result, StrangerVerdict } from './classifier/classify.js';
export type { SkippedPicture } from './classifier/dataset.js';
export { EmbeddingError } from './classifier/embedding-output.js';
export { ExplainError } from './classifier/explain.js';
export type { FitHeadOptions } from './classifier/fit-head.js';
export { type HeadOptions, type TrainHeadOptions, TrainingError } from './classifier/head.js';
export type { Leakage, LeakedPair } from './classifier/leakage.js';
export {
  type BackboneInfo,
  type Licence,
  MetadataError,
  type Metrics,
  type ModelMetadata,
  readMetadata,
} from './classifier/metadata.js';
export { argMax, type Calibration, type ClassReport, type Evaluation } from './classifier/metrics.js';
export { PrecisionError } from './classifier/precision.js';
export type { StrangerRule, StrangerScores } from './classifier/strangers.js';
export type { Engine, Session, Tensors } from './engine/engine.js';
export { jsEngine } from './engine/js.js';
export { type Attempt, ProviderError } from './engine/ort.js';
export { type OrtNode, type OrtNodeOptions, ortNode } from './engine/ort-node.js';
export { UserError, ValueError } from './errors.js';
export type { GraphBuilder } from './graph/builder.js';
export type { Context, Forward, Gradients, Logits, Parameter } from './graph/differentiable.js';
export type { Attribute, Dim, FloatAttribute, Graph, Node, Value, ValueInfo } from './graph/graph.js';
export { OnnxFormatError } from './graph/onnx-format-error.js';
export type { Preprocessing, Scaling, ScalingName } from './graph/preprocessing.js';
export { type ArrayOf, type DataType, float32, type Tensor, tensor } from './graph/tensor.js';
export type {
  LossReduction,
  LossWriter,
  MetricWriter,
  UpdateWriter,
  WrittenLoss,
} from './graph/training-plan.js';
export type { Box, Face, Point } from './images/faces/face.js';
export type { Heatmap, Region } from './images/heatmap.js';
export { type Image, ImageError, type ImageFault } from './images/image.js';
export { NoFaceError } from './images/no-face-error.js';
export {
  type DecodedPrediction,
  type DecodePredictionsOptions,
  decodePredictions,
} from './keras/applications/index.js';
export * as callbacks from './keras/callbacks/index.js';
export * as constraints from './keras/constraints.js';
export * as initializers from './keras/initializers.js';
export * as layers from './keras/layers/index.js';
export { Input, KerasTensor, Layer } from './keras/layers/index.js';
export type { InputSpec } from './keras/layers/input-spec.js';
export type { PerInput } from './keras/layers/layer.js';
export * as losses from './keras/losses/index.js';
export { Loss } from './keras/losses/index.js';
export * as metrics from './keras/metrics/index.js';
export { Metric } from './keras/metrics/index.js';
export type { Compilation, CompiledModel } from './keras/models/compilation.js';
export type { Dataset } from './keras/models/dataset-source.js';
export * as models from './keras/models/index.js';
export { Functional, loadModel, Model, Sequential } from './keras/models/index.js';
export * as optimizers from './keras/optimizers/index.js';
export { Optimizer } from './keras/optimizers/index.js';
export type { UpdateInput } from './keras/optimizers/optimizer.js';
export * as image from './keras/preprocessing/index.js';
export * as regularizers from './keras/regularizers.js';
export { Hdf5FormatError } from './keras/saving/hdf5.js';
export * as saving from './keras/saving/index.js';
export type { SaveOptions } from './keras/saving/save.js';
export { TfjsFormatError } from './keras/saving/tfjs.js';
export type { Config, FieldKind, Fields } from './keras/serialized.js';
export * as utils from './keras/utils.js';
export type { Variable } from './keras/variable.js';
export type { OnnxBackboneOptions } from './transfer/backbone-onnx/backbone-onnx.js';
export type { OnnxInputOptions } from './transfer/backbone-onnx/onnx-input.js';
export { type Published, type PublishOptions, publishModel } from './transfer/convert/publish.js';
export { LostClassError, StrictError } from './transfer/data/list-classes.js';
export type { LoadDatasetOptions } from './transfer/data/load-dataset.js';
export type { NamedSuspect } from './transfer/data/suspects.js';
export {
  type FeaturesManifest,
  type FeaturesOptions,
  writeFeatures,
} from './transfer/data/write-features.js';
export { type EvaluateOptions, evaluateClassifier } from './transfer/evaluate/evaluate.js';
export type { Preparation, PreparationOptions } from './transfer/features/preparation.js';
export type { Answer, Verdict } from './transfer/predict/answer.js';
export {
  type ClassifiedFile,
  type ClassifyFilesOptions,
  classifyFiles,
  type NamedPicture,
} from './transfer/predict/classify-files.js';
export type { ClassifySetup, Doubt, FileResult } from './transfer/predict/classify-protocol.js';
export { type Neighbour, NeighboursError } from './transfer/predict/neighbours.js';
export {
  Classifier,
  type ClassifyInputOptions,
  type EmbedOptions,
  type FailedAnswer,
  type LoadClassifierOptions,
  loadClassifier,
} from './transfer/predict/open-classifier.js';
export type { BytesSource, PictureInput, Pixels, ReadOptions } from './transfer/predict/picture-input.js';
export { type Labelled, saveLabelled } from './transfer/predict/save-labelled.js';
export { type Progress, type Reporter, silent } from './transfer/reporter.js';
export type { UnknownOptions } from './transfer/train/learn-strangers.js';
export { type TrainOptions, type TrainResult, trainClassifier } from './transfer/train/train.js';
export { type TrainedFolder, type TrainFolderOptions, train } from './transfer/train/train-folder.js';
