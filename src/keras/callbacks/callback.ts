import type { Tensor } from '../../graph/tensor.js';
import { refuseOthers } from '../../named-options.js';

/** A number; or several, of metrics that have one for each threshold or class. */
export type MetricResult = number | readonly number[];

/**
 * Metric results by the name Keras gives them: `loss`, `accuracy`, `val_loss`, `learning_rate`. Who watches metrics
 * that give several numbers asks for `Logs<MetricResult>`.
 */
export type Logs<Result extends MetricResult = number> = Record<string, Result>;

/** The logs of a batch that was predicted. */
export interface PredictLogs {
  /** The model's outputs (N, …). */
  readonly outputs: Tensor<'float32'>;
}

/** 0 is silent, 1 a progress bar, 2 one line an epoch; `'auto'` is 1. */
export type Verbose = 0 | 1 | 2 | 'auto';

/** The run that callbacks take part in. */
export interface CallbackParams {
  /** How much is printed. */
  readonly verbose: Verbose;
  /** The epoch to end with, counted from 1. */
  readonly epochs: number;
  /** Batches an epoch; `null` where that is known only once the data end. */
  readonly steps: number | null;
}

/** Writes text as it is, without adding a line break: Python's `sys.stdout.write`. */
export type Print = (text: string) => void;

/** Shows a warning, on standard error by default: Python's `warnings.warn`. */
export type Warn = (message: string) => void;

/** The time in seconds since some fixed moment: Python's `time.time`. */
export type Clock = () => number;

/** The optimizer as callbacks see it. */
export interface CallbackOptimizer {
  /** The current rate. Setting it throws where a schedule determines it, as in Keras. */
  learningRate: number;
  /** Updates made so far. */
  readonly iterations: number;
}

/** A metric as callbacks see it; `mode: 'auto'` asks for its direction. */
export interface CallbackMetric {
  readonly name: string;
  /** Whether better is higher; `undefined` where the metric does not say. */
  readonly direction?: 'up' | 'down';
}

/** A weight of a layer, as `TensorBoard` draws it. */
export interface CallbackWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly value: Float32Array;
}

/** A layer as `TensorBoard` draws it; a model has layers of its own. */
export interface CallbackLayer {
  readonly name: string;
  /** Keras's name of the class. */
  readonly className: string;
  readonly weights: readonly CallbackWeight[];
  readonly layers?: readonly CallbackLayer[];
}

/** The record of a `fit`, which `History` holds. */
export interface TrainingRecord {
  /** One value an epoch, under each name. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epochs, counted from 0. */
  readonly epoch: readonly number[];
}

/** Sums of loss and metrics over some batches. */
export interface TotalsSoFar {
  readonly sums: readonly number[];
  readonly samples: number;
}

/** Batches at the beginning of an epoch that an earlier run has trained on. */
export interface RestoredBatch extends TotalsSoFar {
  /** How many. */
  readonly batch: number;
}

/** The part of `Model` that callbacks use. */
export interface CallbackModel extends CallbackLayer {
  /** Ends `fit` after the batch, or the epoch, in which it is set. */
  stopTraining: boolean;
  /** Where `fit` starts when a backup was restored; it goes before the argument `initialEpoch`. */
  restoredEpoch?: number;
  /** The batches of that epoch that are done already, with the sums over them. */
  restoredBatch?: RestoredBatch;
  /** The sums of loss and metrics over the batches of the epoch under way. */
  batchTotals?: () => TotalsSoFar;
  /** The record of the latest `fit`. */
  history?: TrainingRecord;
  readonly optimizer: CallbackOptimizer;
  /** The metrics that `compile` was given (without the loss). */
  readonly metrics: readonly CallbackMetric[];
  readonly layers: readonly CallbackLayer[];
  getWeights(): Float32Array[];
  setWeights(weights: readonly Float32Array[]): void;
  /** Writes the whole model; the ending of `path` says how. */
  save(path: string): void | Promise<void>;
  /** Writes weights and the optimizer's state, so that training can go on from them. */
  saveWeights(path: string): void | Promise<void>;
  loadWeights(path: string): void | Promise<void>;
  /** The architecture as JSON: Keras's `to_json`. */
  toJson?(): string;
}

/** A hook may finish later; whoever calls it waits. */
export type Hook = void | Promise<void>;

/**
 * Something that is told of every stage of `fit`, `evaluate` and `predict`: `keras.callbacks.Callback`.
 *
 * Subclass it and override the stages of interest. Epochs and batches count from 0. Every callback of a run
 * receives the same `logs` object, in turn: the next ones see the entries that one adds.
 *
 * @example
 *   class Greeter extends Callback {
 *     override onEpochEnd(epoch: number, logs: Logs) {
 *       console.log(`epoch ${epoch}: loss ${logs.loss}`);
 *       if (logs.loss < 0.1) this.model.stopTraining = true;
 *     }
 *   }
 */
export class Callback {
  params: CallbackParams | null = null;
  #model?: CallbackModel;

  /** @throws TypeError when a subclass leaves options over that it does not know */
  constructor(others: Readonly<Record<string, never>> = {}) {
    refuseOthers(others, new.target);
  }

  /** The model of the run. @throws Error before there is one. */
  get model(): CallbackModel {
    if (this.#model) return this.#model;
    throw new Error(`${this.constructor.name} has no model yet. Hint: pass it to \`fit\`, or call setModel.`);
  }

  setModel(model: CallbackModel): void {
    this.#model = model;
  }

  setParams(params: CallbackParams): void {
    this.params = params;
  }

  /**
   * Whether it must hear of each training batch on its own.
   *
   * Where no callback does, `fit` may run several batches at once and report the last of them, as Keras does with
   * `steps_per_execution`.
   */
  get needsEveryBatch(): boolean {
    const { onBatchBegin, onBatchEnd, onTrainBatchBegin, onTrainBatchEnd } = Callback.prototype;
    return (
      this.onBatchBegin !== onBatchBegin ||
      this.onBatchEnd !== onBatchEnd ||
      this.onTrainBatchBegin !== onTrainBatchBegin ||
      this.onTrainBatchEnd !== onTrainBatchEnd
    );
  }

  /** The same for the batches of `evaluate`, and of validation within `fit`. */
  get needsEveryTestBatch(): boolean {
    const { onTestBatchBegin, onTestBatchEnd } = Callback.prototype;
    return this.onTestBatchBegin !== onTestBatchBegin || this.onTestBatchEnd !== onTestBatchEnd;
  }

  onTrainBegin(_logs?: Logs): Hook {}
  /** `logs` are those of the last epoch. */
  onTrainEnd(_logs?: Logs): Hook {}

  onEpochBegin(_epoch: number, _logs?: Logs): Hook {}
  /** `logs` are the epoch's means, with those of the validation under `val_…` if there was one. */
  onEpochEnd(_epoch: number, _logs?: Logs): Hook {}

  /** Older name of `onTrainBatchBegin`. */
  onBatchBegin(_batch: number, _logs?: Logs): Hook {}
  /** Older name of `onTrainBatchEnd`. */
  onBatchEnd(_batch: number, _logs?: Logs): Hook {}

  onTrainBatchBegin(batch: number, logs?: Logs): Hook {
    return this.onBatchBegin(batch, logs);
  }
  /** `logs` are the means of the epoch up to this batch. */
  onTrainBatchEnd(batch: number, logs?: Logs): Hook {
    return this.onBatchEnd(batch, logs);
  }

  /** Called for validation within `fit`, too. */
  onTestBegin(_logs?: Logs): Hook {}
  onTestEnd(_logs?: Logs): Hook {}
  onTestBatchBegin(_batch: number, _logs?: Logs): Hook {}
  onTestBatchEnd(_batch: number, _logs?: Logs): Hook {}

  onPredictBegin(_logs?: Logs): Hook {}
  onPredictEnd(_logs?: Logs): Hook {}
  onPredictBatchBegin(_batch: number, _logs?: Logs): Hook {}
  onPredictBatchEnd(_batch: number, _logs?: PredictLogs): Hook {}
}
