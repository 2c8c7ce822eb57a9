import { print as printToConsole } from '#platform';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../graph/tensor.js';
import { named, refuseOthers } from '../../named-options.js';
import type { CallbackModel, Logs, MetricResult, RestoredBatch, TotalsSoFar } from '../callbacks/callback.js';
import type { History } from '../callbacks/history.js';
import { perInput } from '../layers/layer.js';
import { getLoss, type Loss } from '../losses/index.js';
import { getMetric, type Metric } from '../metrics/index.js';
import { getOptimizer, type Optimizer } from '../optimizers/index.js';
import type { LoadWeightsOptions } from '../saving/legacy-h5.js';
import { loadWeights, type SaveOptions, saveModel, saveWeights } from '../saving/save.js';
import { modelConfig, modelToJson } from '../saving/serialize.js';
import type { Config } from '../serialized.js';
import { formatSummary, type SummaryOptions } from '../summary.js';
import type { Data } from './choose-source.js';
import type { Compilation, CompiledModel, CompileOptions } from './compilation.js';
import { type ArrayLikeData, type Batches, type Inputs, toInputs } from './data.js';
import type { Dataset } from './dataset-source.js';
import { type EvaluateOptions, evaluateModel } from './evaluation.js';
import { lookAtFirst } from './first-batch.js';
import type { FitOptions } from './fit.js';
import { fitModel } from './fit-model.js';
import { Functional } from './functional.js';
import { type BatchOptions, testOnBatch, trainOnBatch } from './one-batch.js';
import { type PredictOptions, predictBatches } from './prediction.js';
import { type Prepare, Runtime } from './runtime.js';

/** Arguments of `summary`, as Keras has them. */
export interface ModelSummaryOptions extends Omit<SummaryOptions, 'optimizer'> {
  /** Called once with the whole text. Default: writes it to standard output. */
  printFn?: (text: string) => void;
}

/**
 * A model that trains, evaluates and predicts: `keras.Model`.
 *
 * Frozen layers at its beginning run once for each sample; the rest trains inside ONNX Runtime, as graphs that
 * layers, loss and optimizer write.
 *
 * @example
 * const model = new Model({ inputs, outputs });
 * model.compile({ optimizer: new RMSprop(), loss: 'categorical_crossentropy', metrics: ['accuracy'] });
 * const { history } = await model.fit(x, y, { batchSize: 16, epochs: 5, validationData: [xTest, yTest] });
 */
export class Model extends Functional implements CallbackModel, CompiledModel {
  stopTraining = false;
  restoredEpoch?: number;
  restoredBatch?: RestoredBatch;
  batchTotals?: () => TotalsSoFar;
  history?: History;
  #compilation?: Compilation;
  #loss: Loss | null = null;
  /** `null` as long as the model has no shapes, which metrics are chosen by. */
  #metrics: Metric[] | null = null;
  #runtime = new Runtime(this, 'ort');

  /** Configures training. Without a loss the model predicts, but neither trains nor is evaluated. */
  compile(options: CompileOptions = {}): void {
    const {
      optimizer = 'rmsprop',
      loss = null,
      metrics = [],
      weightedMetrics = [],
      engine = 'ort',
      ...others
    } = named(options, 'compile');
    refuseOthers(others, 'compile', (probe) => this.compile(probe));
    this.#loss = loss === null ? null : getLoss(loss);
    this.#metrics = null;
    this.#compilation = { optimizer: getOptimizer(optimizer), loss, metrics, weightedMetrics, engine };
    this.#runtime = new Runtime(this, engine);
    if (this.built) this.#chooseMetrics();
  }

  /** @throws ValueError before `compile`. */
  get optimizer(): Optimizer {
    return this.#assertCompiled().optimizer;
  }

  /** The arguments of `compile`; `undefined` before it. */
  get compilation(): Compilation | undefined {
    return this.#compilation;
  }

  get loss(): Loss | undefined {
    return this.#loss ?? undefined;
  }

  get metrics(): readonly Metric[] {
    return this.#metrics ?? [];
  }

  /**
   * Trains for a number of epochs.
   *
   * @param x inputs (N, …); an image iterator; or an iterable of batches `[x, y, sampleWeight?]`
   * @param y targets (N, …); none where `x` yields them
   * @returns the record of every epoch's loss and metrics, in `history.history`: numbers, or, of metrics with several
   *   thresholds or classes, arrays of them (`fit<MetricResult>`)
   */
  fit<Result extends MetricResult = number>(
    x: Data,
    y: ArrayLikeData | null = null,
    options: FitOptions = {},
  ): Promise<History<Result>> {
    return fitModel<Result>(this, this.#prepare, { name: 'fit', x, y, options });
  }

  /**
   * Trains on batches that never end: when the data has been seen once, it goes on from the beginning, so that
   * `stepsPerEpoch` may ask for more than one pass, or for a part of one.
   *
   * @deprecated Keras 2's name; `fit` takes iterators, too, and ends an epoch where a pass ends.
   */
  fitGenerator(generator: Batches | Dataset, options: FitOptions = {}): Promise<History> {
    const { warn = console.warn } = named(options, 'fitGenerator');
    warn(
      '`Model.fit_generator` is deprecated and will be removed in a future version. Please use `Model.fit`, which supports generators.',
    );
    return fitModel(this, this.#prepare, { name: 'fitGenerator', x: generator, y: null, options });
  }

  /** Loss and metrics on data, by name: Keras's `evaluate(return_dict=True)`. */
  evaluate<Result extends MetricResult = number>(
    x: Data,
    y: ArrayLikeData | null = null,
    options: EvaluateOptions = {},
  ): Promise<Logs<Result>> {
    return evaluateModel(this, this.#prepare, { x, y, options }) as Promise<Logs<Result>>;
  }

  /** The model's outputs (N, …) for inputs (N, …), or for the inputs of batches. */
  async predict(x: Data, options: PredictOptions = {}): Promise<Tensor<'float32'>> {
    return predictBatches(this, () => this.#partsFor(x), options);
  }

  /** The outputs (N, …) for one batch of inputs. */
  async predictOnBatch(x: Inputs): Promise<Tensor<'float32'>> {
    const { parts } = await this.#partsFor(x);
    return parts.predict(toInputs(x, this.inputNames));
  }

  /** One step on one batch; loss and metrics of that batch. */
  trainOnBatch<Result extends MetricResult = number>(
    x: Inputs,
    y: ArrayLikeData,
    options: BatchOptions = {},
  ): Promise<Logs<Result>> {
    return trainOnBatch(this, this.#prepare, { x, y, options }) as Promise<Logs<Result>>;
  }

  /** Loss and metrics of one batch, which the model does not learn from. */
  testOnBatch<Result extends MetricResult = number>(
    x: Inputs,
    y: ArrayLikeData,
    options: Omit<BatchOptions, 'classWeight'> = {},
  ): Promise<Logs<Result>> {
    return testOnBatch(this, this.#prepare, { x, y, options }) as Promise<Logs<Result>>;
  }

  /** Prints the table of layers and weights. */
  summary(options: ModelSummaryOptions = {}): void {
    const {
      printFn = printToConsole,
      lineLength,
      positions,
      expandNested,
      showTrainable,
      layerRange,
      columns,
      ...others
    } = named(options, 'summary');
    refuseOthers(others, 'summary', (probe) => this.summary(probe));
    const layout = { lineLength, positions, expandNested, showTrainable, layerRange, columns };
    printFn(formatSummary(this, { ...layout, optimizer: this.#compilation?.optimizer }));
  }

  /** Writes the whole model: `.keras`, which Keras 3 opens, or `.h5`, which Keras 2 opens, too. */
  save(path: string, options?: SaveOptions): Promise<void> {
    return saveModel(this, path, options);
  }

  /** Writes the weights and the optimizer's state: `.weights.h5`. Any other `.h5` is of Keras 2, weights alone. */
  saveWeights(path: string, options?: SaveOptions): Promise<void> {
    return saveWeights(this, path, options);
  }

  /** Loads weights from any file that Keras writes. @throws ValueError that names the layer they do not fit */
  loadWeights(path: string, options?: LoadWeightsOptions): Promise<void> {
    return loadWeights(this, path, options);
  }

  /** The layers and their wiring under Python's keys, without weights. `modelFromConfig` reads it. */
  override getConfig(): Config {
    return modelConfig(this);
  }

  /** The same with the class and the arguments of `compile`, as Keras writes it. */
  toJson(): string {
    return modelToJson(this);
  }

  /** Frees the engine's sessions. The model may be used again afterwards. */
  release(): Promise<void> {
    return this.#runtime.release();
  }

  readonly #prepare: Prepare = async (x, options) => {
    this.#assertCompiled();
    const data = await this.#buildFor(x);
    const { optimizer } = this.#assertCompiled();
    if (!this.#loss) throw new ValueError('No loss to compute. Provide a `loss` argument in `compile()`.');
    const compiled = { optimizer, loss: this.#loss, metrics: this.metrics };
    return { data, ready: await this.#runtime.ready(compiled, options) };
  };

  async #partsFor(x: Data) {
    const data = await this.#buildFor(x);
    return { data, parts: await this.#runtime.parts() };
  }

  /** Gives a model without an `Input` the shapes of the first of these data. */
  async #buildFor(x: Data): Promise<Data> {
    if (this.built) return x;
    const { shapes, data } = await lookAtFirst(x);
    this.build(perInput(shapes, this.name));
    this.#chooseMetrics();
    return data;
  }

  #chooseMetrics(): void {
    if (!this.#compilation || !this.#loss) return;
    const about = { outputShape: this.outputShape, loss: this.#loss };
    const { metrics, weightedMetrics } = this.#compilation;
    this.#metrics = [
      ...metrics.map((metric) => getMetric(metric, about)),
      ...weightedMetrics.map((metric) => getMetric(metric, { ...about, isWeighted: true })),
    ];
  }

  #assertCompiled(): Compilation {
    if (this.#compilation) return this.#compilation;
    throw new ValueError('You must call `compile()` before using the model.');
  }
}
