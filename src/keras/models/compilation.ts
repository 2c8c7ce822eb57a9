import type { Engine } from '../../engine/engine.js';
import type { Loss, LossName } from '../losses/index.js';
import type { Metric, MetricName } from '../metrics/index.js';
import type { Optimizer, OptimizerName } from '../optimizers/index.js';
import type { Functional } from './functional.js';

/** Runs a model's graphs: ONNX Runtime, plain TypeScript, or an engine of one's own. */
export type EngineChoice = 'ort' | 'js' | Engine;

export interface CompileOptions {
  /** Changes the weights. Default: `rmsprop`. */
  optimizer?: Optimizer | OptimizerName;
  /** The loss, without which the model only predicts. Default: none. */
  loss?: Loss | LossName | null;
  /** Measured, but not trained for. Default: none. */
  metrics?: readonly (Metric | MetricName)[];
  /** Metrics in which samples count by their weights. Default: none. */
  weightedMetrics?: readonly (Metric | MetricName)[];
  /** Runs the graphs. Default: `ort`, ONNX Runtime. */
  engine?: EngineChoice;
}

/** The arguments of `compile`, with the optimizer that a name stands for. */
export interface Compilation {
  readonly optimizer: Optimizer;
  readonly loss: Loss | LossName | null;
  readonly metrics: readonly (Metric | MetricName)[];
  readonly weightedMetrics: readonly (Metric | MetricName)[];
  readonly engine: EngineChoice;
}

/** A model as files hold it: its layers, and how it was compiled if it was. */
export interface CompiledModel extends Functional {
  readonly compilation?: Compilation;
  readonly loss?: Loss;
}
