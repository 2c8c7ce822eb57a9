/** `keras.models`. */

export { modelFromJson } from '../saving/deserialize.js';
export { type LoadModelOptions, loadModel } from '../saving/load.js';
export type { Data } from './choose-source.js';
export { type CloneOptions, cloneModel, modelFromConfig } from './clone.js';
export type { CompileOptions, EngineChoice } from './compilation.js';
export type { ArrayLikeData, Batch, Batches, Inputs } from './data.js';
export type { EvaluateOptions } from './evaluation.js';
export type { FitOptions, ValidationData } from './fit.js';
export { Functional, type FunctionalOptions } from './functional.js';
export { Model, type ModelSummaryOptions } from './model.js';
export type { BatchOptions } from './one-batch.js';
export type { PredictOptions } from './prediction.js';
export type { ClassWeight } from './samples.js';
export { Sequential, type SequentialOptions } from './sequential.js';
