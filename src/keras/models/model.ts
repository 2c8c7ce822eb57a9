import { openEngine, print as printToConsole } from '#platform';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../graph/tensor.js';
import type { CallbackModel, Logs } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callback-list.js';
import type { History } from '../callbacks/history.js';
import { perInput } from '../layers/layer.js';
import { getLoss, type Loss } from '../losses/index.js';
import { getMetric, type Metric } from '../metrics/index.js';
import { getOptimizer, type Optimizer } from '../optimizers/index.js';
import { globalTensorRandom } from '../random/global-random.js';
import type { RandomState } from '../random/random-state.js';
import type { LoadWeightsOptions } from '../saving/legacy-h5.js';
import { loadWeights, saveModel, saveWeights } from '../saving/save.js';
import { modelConfig, modelToJson } from '../saving/serialize.js';
import type { Config } from '../serialized.js';
import { formatSummary, type SummaryOptions } from '../summary.js';
import { arraySource, type Data, openSource, type SourceOptions } from './choose-source.js';
import type { Compilation, CompiledModel, CompileOptions, EngineChoice } from './compilation.js';
import { type ArrayLikeData, type Batch, type Batches, type Inputs, toInputs } from './data.js';
import { type Dataset, isDataset } from './dataset-source.js';
import { type EvaluateOptions, evaluateBatches } from './evaluation.js';
import { type FitOptions, runEpochs, type ValidationData } from './fit.js';
import { Functional } from './functional.js';
import { Parts } from './parts.js';
import { trainingPlan } from './plan.js';
import { type PredictOptions, predictBatches } from './prediction.js';
import { ArraySource, type Form, isBatches, type Source, toSamples } from './source.js';
import { Totals } from './totals.js';
import { type Samples, Trainer } from './trainer.js';

/** Arguments of `summary`, as Keras has them. */
export interface ModelSummaryOptions extends Omit<SummaryOptions, 'optimizer'> {
  /** Called once with the whole text. */
  printFn?: (text: string) => void;
}

interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  /** `null` as long as the model has no shapes, which metrics are chosen by. */
  metrics: Metric[] | null;
}

/**
 * A model that trains, evaluates and predicts: `keras.Model`.
 *
 * What is frozen at its beginning runs once for each sample; the rest trains inside ONNX Runtime, as graphs that
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
  history?: History;
  #engine: EngineChoice = 'ort';
  #compiled?: Compiled;
  #compilation?: Compilation;
  #parts?: Promise<Parts>;
  #trainer?: Trainer;

  /**
   * Configures training.
   *
   * @param options.optimizer default `'rmsprop'`
   * @param options.engine default `'ort'`
   */
  compile({ optimizer = 'rmsprop', loss, metrics = [], engine = 'ort' }: CompileOptions): void {
    this.#compiled = { optimizer: getOptimizer(optimizer), loss: getLoss(loss), metrics: null };
    this.#compilation = { optimizer: this.#compiled.optimizer, loss, metrics };
    this.#engine = engine;
    this.#parts = undefined;
    this.#trainer = undefined;
    if (this.built) this.#chooseMetrics();
  }

  /** @throws ValueError before `compile`. */
  get optimizer(): Optimizer {
    return this.#assertCompiled().optimizer;
  }

  /** What the model was compiled with; `undefined` before `compile`. */
  get compilation(): Compilation | undefined {
    return this.#compilation;
  }

  get loss(): Loss | undefined {
    return this.#compiled?.loss;
  }

  get metrics(): readonly Metric[] {
    return this.#compiled?.metrics ?? [];
  }

  /**
   * Trains for a number of epochs.
   *
   * @param x inputs (N, …); an image iterator; or an iterable of batches `[x, y, sampleWeight?]`
   * @param y targets (N, …); none where `x` yields them
   * @returns the record of every epoch's loss and metrics, in `history.history`
   */
  fit(x: Data, y: ArrayLikeData | null = null, options: FitOptions = {}): Promise<History> {
    return this.#fit(x, { y, endless: false }, options);
  }

  /**
   * Trains on batches that never end: when the data has been seen once, it goes on from the beginning, so that
   * `stepsPerEpoch` may ask for more than one pass.
   *
   * @deprecated Keras 2's name; `fit` takes iterators, too, and ends an epoch where a pass ends.
   */
  fitGenerator(generator: Batches | Dataset, options: FitOptions = {}): Promise<History> {
    const { warn = console.warn } = options;
    warn(
      '`Model.fit_generator` is deprecated and will be removed in a future version. Please use `Model.fit`, which supports generators.',
    );
    return this.#fit(generator, { y: null, endless: true }, options);
  }

  async #fit(
    x: Data,
    { y, endless }: { y: ArrayLikeData | null; endless: boolean },
    options: FitOptions,
  ): Promise<History> {
    this.#assertCompiled();
    const { batchSize, epochs = 1, verbose = 'auto', stepsPerEpoch = null, validationFreq = 1 } = options;
    const { shuffle = true, validationData = null, validationSteps = null, print } = options;
    const { now = () => performance.now() / 1000, warn = console.warn } = options;
    const { trainer, ...reader } = await this.#prepare({ ...options, x });
    const { metrics } = this;
    const { source, held } = await openSource(x, reader, {
      ...options,
      y,
      steps: stepsPerEpoch,
      shuffle,
      validationSplit: validationData ? 0 : options.validationSplit,
      endless,
      warn,
    });
    const validationOptions: SourceOptions = {
      batchSize: options.validationBatchSize ?? batchSize,
      steps: validationSteps,
      shuffle: false,
      endless,
      warn,
    };
    let validation: Source | null = held && arraySource(held, validationOptions);
    const openValidation = async () => {
      const [data, targets, sampleWeight] = isPlain(validationData!) ? validationData : [validationData!];
      const opened = await openSource(data, reader, { ...validationOptions, y: targets, sampleWeight });
      return opened.source;
    };

    const callbacks = new CallbackList({
      callbacks: options.callbacks,
      addHistory: true,
      addProgbar: verbose !== 0,
      model: this,
      params: { verbose, epochs, steps: stepsPerEpoch ?? source.batches },
      print,
      now: options.now,
    });
    this.stopTraining = false;
    this.restoredEpoch = undefined;
    await runEpochs({
      trainer,
      source,
      totals: new Totals(metrics),
      callbacks,
      model: this,
      epochs,
      initialEpoch: () => this.restoredEpoch ?? options.initialEpoch ?? 0,
      stepsPerEpoch: stepsPerEpoch ?? (endless ? source.batches : null),
      shouldValidate: (epoch) =>
        typeof validationFreq === 'number'
          ? (epoch + 1) % validationFreq === 0
          : validationFreq.includes(epoch + 1),
      validate:
        held || validationData
          ? async () => {
              validation ??= await openValidation();
              const steps = validationSteps ?? (endless ? validation.batches : null);
              return evaluateBatches(trainer, validation, { totals: new Totals(metrics), callbacks, steps });
            }
          : null,
      warn,
      now,
    }).finally(() => reader.parts.threads?.close());
    return callbacks.history!;
  }

  /** Loss and metrics on data, by name: Keras's `evaluate(return_dict=True)`. */
  async evaluate(x: Data, y: ArrayLikeData | null = null, options: EvaluateOptions = {}): Promise<Logs> {
    this.#assertCompiled();
    const { sampleWeight, verbose = 'auto', steps = null, callbacks, print, now } = options;
    const { trainer, ...reader } = await this.#prepare({ x, sampleWeight });
    const { source } = await openSource(x, reader, { ...options, y, steps, shuffle: false });
    const list = new CallbackList({
      callbacks,
      addProgbar: verbose !== 0,
      model: this,
      params: { verbose, epochs: 1, steps: steps ?? source.batches },
      print,
      now,
    });
    const totals = new Totals(this.metrics);
    return evaluateBatches(trainer, source, { totals, callbacks: list, steps }).finally(() =>
      reader.parts.threads?.close(),
    );
  }

  /** The model's outputs (N, …) for inputs (N, …), or for the inputs of batches. */
  async predict(x: Data, options: PredictOptions = {}): Promise<Tensor<'float32'>> {
    this.#buildFor(x);
    return predictBatches(x, await this.#getParts(), { ...options, model: this });
  }

  /** The outputs (N, …) for one batch of inputs. */
  async predictOnBatch(x: Inputs): Promise<Tensor<'float32'>> {
    this.#buildFor(x);
    return (await this.#getParts()).predict(toInputs(x, this.inputNames));
  }

  /** One step on one batch; loss and metrics of that batch. */
  async trainOnBatch(
    x: Inputs,
    y: ArrayLikeData,
    options: { sampleWeight?: ArrayLikeData; classWeight?: FitOptions['classWeight'] } = {},
  ): Promise<Logs> {
    this.#assertCompiled();
    if (options.classWeight && options.sampleWeight)
      throw new ValueError(
        'Arguments `sample_weight` and `class_weight` cannot be specified at the same time.',
      );
    const { trainer, form } = await this.#prepare({ ...options, x });
    const samples = await toSamples([x, y, options.sampleWeight], {
      ...form,
      classWeight: options.classWeight,
    });
    const source = new ArraySource(samples, samples.y.dims[0]!, null);
    source.start();
    const sums = await trainer.train((await source.next(1))!);
    return this.#logsOf(sums, samples);
  }

  /** Loss and metrics of one batch, which the model does not learn from. */
  async testOnBatch(
    x: Inputs,
    y: ArrayLikeData,
    options: { sampleWeight?: ArrayLikeData } = {},
  ): Promise<Logs> {
    this.#assertCompiled();
    const { trainer, form } = await this.#prepare({ ...options, x });
    const samples = await toSamples([x, y, options.sampleWeight], form);
    return this.#logsOf(await trainer.evaluate(samples), samples);
  }

  #logsOf(sums: Tensor<'float32'>, { y }: Samples): Logs {
    const totals = new Totals(this.metrics);
    totals.add(sums.data, y.dims[0]!);
    return totals.logs();
  }

  /** Prints the table of layers and weights. */
  summary({ printFn = printToConsole, ...options }: ModelSummaryOptions = {}): void {
    printFn(formatSummary(this, { ...options, optimizer: this.#compiled?.optimizer }));
  }

  /** Writes the whole model: `.keras`, which Keras 3 opens, or `.h5`, which Keras 2 opens, too. */
  save(path: string): Promise<void> {
    return saveModel(this, path);
  }

  /** Writes the weights and the optimizer's state: `.weights.h5`. Any other `.h5` is of Keras 2, weights alone. */
  saveWeights(path: string): Promise<void> {
    return saveWeights(this, path);
  }

  /** Loads weights from any file that Keras writes. @throws ValueError that names the layer they do not fit */
  loadWeights(path: string, options?: LoadWeightsOptions): Promise<void> {
    return loadWeights(this, path, options);
  }

  /** The layers and their wiring under Python's keys, without weights. `modelFromConfig` reads it. */
  override getConfig(): Config {
    return modelConfig(this);
  }

  /** The same with the class and what the model was compiled with, as Keras writes it. */
  toJson(): string {
    return modelToJson(this);
  }

  /** Frees what the engine holds. The model may be used again afterwards. */
  async release(): Promise<void> {
    await (await this.#parts)?.release();
    await this.#trainer?.release();
    this.#parts = undefined;
    this.#trainer = undefined;
  }

  /** The loaded graphs for data that may be weighted, made anew where what is there does not fit. */
  async #prepare(data: {
    x: unknown;
    sampleWeight?: unknown;
    classWeight?: unknown;
    validationData?: ValidationData | null;
    random?: RandomState;
  }): Promise<{ trainer: Trainer; parts: Parts; form: Form }> {
    this.#buildFor(data.x);
    const { optimizer, loss } = this.#assertCompiled();
    const { metrics } = this;
    const parts = await this.#getParts();
    const mayWeigh = (x: unknown) => isBatches(x) || isDataset(x);
    const { validationData = null } = data;
    const weighted =
      data.sampleWeight != null ||
      data.classWeight != null ||
      mayWeigh(data.x) ||
      (validationData !== null &&
        (isPlain(validationData) ? validationData[2] != null : mayWeigh(validationData)));
    if (!this.#trainer || (weighted && !this.#trainer.plan.weighted)) {
      const plan = trainingPlan(parts.rest, { loss, metrics, optimizer, weighted });
      const { random = globalTensorRandom() } = data;
      this.#trainer = new Trainer(parts.engine, plan, optimizer, random.randint(2 ** 31 - 1));
    }
    return {
      trainer: this.#trainer,
      parts,
      form: {
        inputNames: this.inputNames,
        extract: parts.extract,
        targetShape: this.#trainer.plan.targetShape,
        describeMismatch: (shape) => loss.describeMismatch(shape, this.outputShape),
        checkTargets: (y) => loss.checkTargets(y, this.outputShape),
      },
    };
  }

  /** Gives a model without an `Input` the shapes of these arrays. */
  #buildFor(x: unknown): void {
    if (this.built || isBatches(x) || isDataset(x)) return;
    const shapes = toInputs(x as ArrayLikeData, []).map(({ dims }) => [null, ...dims.slice(1)]);
    this.build(perInput(shapes, this.name));
    this.#chooseMetrics();
  }

  #chooseMetrics(): void {
    const [compiled, compilation] = [this.#compiled, this.#compilation];
    if (!compiled || !compilation) return;
    const about = { outputShape: this.outputShape, loss: compiled.loss };
    compiled.metrics = compilation.metrics.map((metric) => getMetric(metric, about));
  }

  async #openParts(engine: EngineChoice): Promise<Parts> {
    return new Parts(typeof engine === 'string' ? await openEngine({ engine }) : engine, this);
  }

  #getParts(): Promise<Parts> {
    if (!this.#parts) {
      this.#parts = this.#openParts(this.#engine);
      this.#parts.catch(() => {
        this.#parts = undefined;
      });
    }
    return this.#parts;
  }

  #assertCompiled(): Compiled {
    if (this.#compiled) return this.#compiled;
    throw new ValueError('You must call `compile()` before using the model.');
  }
}

/** Whether this is one tuple of arrays, rather than something that yields such. */
const isPlain = (data: ValidationData): data is Batch => Array.isArray(data);
