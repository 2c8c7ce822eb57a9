import { resolveEngine } from '#platform';
import type { Engine } from '../../engine/engine.js';
import type { Tensor } from '../../graph/tensor.js';
import type { Callback, CallbackModel, Logs, Print } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callback-list.js';
import type { History } from '../callbacks/history.js';
import { globalRandom } from '../global-random.js';
import { ValueError } from '../layers/layer.js';
import { getLoss, type Loss, type LossName } from '../losses/index.js';
import { getMetric, type Metric, type MetricName } from '../metrics/index.js';
import { getOptimizer, type Optimizer, type OptimizerName } from '../optimizers/index.js';
import { loadWeights, saveModel, saveWeights } from '../saving/index.js';
import { type ArrayLikeData, type Batch, type Batches, concatRows, toInputs } from './data.js';
import { type FitOptions, runEpochs, type ValidationData } from './fit.js';
import { Functional } from './functional.js';
import { Parts } from './parts.js';
import { trainingPlan } from './plan.js';
import {
  ArraySource,
  type Form,
  IterableSource,
  isBatches,
  lengthOf,
  type Source,
  splitSamples,
  toSamples,
} from './source.js';
import { Totals } from './totals.js';
import { Trainer } from './trainer.js';

/** What runs a model's graphs: ONNX Runtime, plain TypeScript, or an engine of one's own. */
export type EngineChoice = 'ort' | 'js' | Engine;

export interface CompileOptions {
  optimizer?: Optimizer | OptimizerName;
  loss: Loss | LossName;
  metrics?: readonly (Metric | MetricName)[];
  engine?: EngineChoice;
}

export interface EvaluateOptions {
  batchSize?: number;
  sampleWeight?: ArrayLikeData;
  verbose?: 0 | 1 | 2 | 'auto';
  steps?: number | null;
  callbacks?: Callback | readonly Callback[];
  print?: Print;
}

type Inputs = ArrayLikeData | readonly Tensor[];

interface Compiled {
  optimizer: Optimizer;
  loss: Loss;
  metrics: Metric[];
}

/** Batches that are evaluated at a time: sums do not depend on it, only memory does. */
const batchesAtOnce = 32;

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
export class Model extends Functional implements CallbackModel {
  stopTraining = false;
  restoredEpoch?: number;
  history?: History;
  #engine: EngineChoice = 'ort';
  #compiled?: Compiled;
  #parts?: Promise<Parts>;
  #trainer?: Trainer;

  /**
   * Configures training.
   *
   * @param options.optimizer default `'rmsprop'`
   * @param options.engine default `'ort'`
   */
  compile({ optimizer = 'rmsprop', loss, metrics = [], engine = 'ort' }: CompileOptions): void {
    const lossObject = getLoss(loss);
    const outputShape = this.outputTensor.shape;
    this.#compiled = {
      optimizer: getOptimizer(optimizer),
      loss: lossObject,
      metrics: metrics.map((metric) => getMetric(metric, { outputShape, loss: lossObject })),
    };
    this.#engine = engine;
    this.#parts = undefined;
    this.#trainer = undefined;
  }

  /** @throws ValueError before `compile`. */
  get optimizer(): Optimizer {
    return this.#assertCompiled('optimizer').optimizer;
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
   * @param x inputs (N, …), or an iterable of batches `[x, y, sampleWeight?]`
   * @param y targets (N, …); none where `x` yields them
   * @returns the record of every epoch's loss and metrics, in `history.history`
   */
  async fit(x: Inputs | Batches, y: ArrayLikeData | null = null, options: FitOptions = {}): Promise<History> {
    const { metrics } = this.#assertCompiled('fit');
    const {
      batchSize = 32,
      epochs = 1,
      verbose = 'auto',
      stepsPerEpoch = null,
      validationFreq = 1,
    } = options;
    const { shuffle = true, sampleWeight, classWeight, validationBatchSize = batchSize, print } = options;
    const { now = () => performance.now() / 1000, warn = console.warn } = options;
    const { trainer, form } = await this.#prepare({ ...options, x });

    let source: Source;
    let validation: Source | null = null;
    if (isBatches(x)) {
      source = new IterableSource(x, lengthOf(x), { ...form, classWeight });
    } else {
      const samples = await toSamples([x, y, sampleWeight], { ...form, classWeight });
      const split = options.validationSplit && !options.validationData;
      const [training, held] = split ? splitSamples(samples, options.validationSplit!) : [samples, null];
      source = new ArraySource(training, batchSize, shuffle ? globalRandom() : null);
      validation = held && new ArraySource(held, validationBatchSize, null);
    }
    if (options.validationData)
      validation = await toSource(options.validationData, validationBatchSize, form);

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
      stepsPerEpoch,
      shouldValidate: (epoch) =>
        typeof validationFreq === 'number'
          ? (epoch + 1) % validationFreq === 0
          : validationFreq.includes(epoch + 1),
      validate:
        validation && (() => this.#evaluate(trainer, validation, callbacks, options.validationSteps ?? null)),
      warn,
      now,
    });
    return callbacks.history!;
  }

  /** Loss and metrics on data, by name: Keras's `evaluate(return_dict=True)`. */
  async evaluate(
    x: Inputs | Batches,
    y: ArrayLikeData | null = null,
    options: EvaluateOptions = {},
  ): Promise<Logs> {
    this.#assertCompiled('evaluate');
    const { batchSize = 32, sampleWeight, verbose = 'auto', steps = null, callbacks, print } = options;
    const { trainer, form } = await this.#prepare({ x, sampleWeight });
    const source = await toSource(isBatches(x) ? x : [x, y, sampleWeight], batchSize, form);
    const list = new CallbackList({
      callbacks,
      addProgbar: verbose !== 0,
      model: this,
      params: { verbose, epochs: 1, steps: steps ?? source.batches },
      print,
    });
    return this.#evaluate(trainer, source, list, steps);
  }

  /** The model's outputs (N, …) for inputs (N, …), or for the inputs of batches. */
  async predict(
    x: Inputs | Batches,
    { steps = null }: { steps?: number | null } = {},
  ): Promise<Tensor<'float32'>> {
    const parts = await this.#getParts();
    if (!isBatches(x)) return parts.predict(toInputs(x));
    const most = steps ?? lengthOf(x) ?? Number.POSITIVE_INFINITY;
    const outputs: Tensor<'float32'>[] = [];
    for await (const batch of x as AsyncIterable<Batch>) {
      outputs.push(await parts.predict(toInputs(batch[0])));
      if (outputs.length === most) break;
    }
    return concatRows(outputs);
  }

  /** One step on one batch; loss and metrics of that batch. */
  async trainOnBatch(
    x: Inputs,
    y: ArrayLikeData,
    options: { sampleWeight?: ArrayLikeData; classWeight?: FitOptions['classWeight'] } = {},
  ): Promise<Logs> {
    const { metrics } = this.#assertCompiled('train_on_batch');
    const { trainer, form } = await this.#prepare({ ...options, x });
    const samples = await toSamples([x, y, options.sampleWeight], {
      ...form,
      classWeight: options.classWeight,
    });
    const source = new ArraySource(samples, samples.y.dims[0]!, null);
    source.start();
    const sums = await trainer.train((await source.next(1))!);
    const totals = new Totals(metrics);
    totals.add(sums.data, samples.y.dims[0]!);
    return totals.logs();
  }

  /** Writes the whole model; the ending of `path` says how. */
  save(path: string): Promise<void> {
    return saveModel(this, path);
  }

  saveWeights(path: string): Promise<void> {
    return saveWeights(this, path);
  }

  loadWeights(path: string): Promise<void> {
    return loadWeights(this, path);
  }

  /** Frees what the engine holds. The model may be used again afterwards. */
  async release(): Promise<void> {
    await (await this.#parts)?.release();
    await this.#trainer?.release();
    this.#parts = undefined;
    this.#trainer = undefined;
  }

  async #evaluate(
    trainer: Trainer,
    source: Source,
    callbacks: CallbackList,
    steps: number | null,
  ): Promise<Logs> {
    const totals = new Totals(this.metrics);
    source.start();
    await callbacks.onTestBegin();
    const limit = steps ?? Number.POSITIVE_INFINITY;
    for (let step = 0; step < limit; ) {
      const run = await source.next(Math.min(batchesAtOnce, limit - step));
      if (!run) break;
      await callbacks.onTestBatchBegin(step);
      const { sums } = await trainer.evaluate(run.samples);
      totals.add(sums.data, run.order.length);
      step += Math.ceil(run.order.length / run.batchSize);
      await callbacks.onTestBatchEnd(step - 1, totals.logs());
    }
    const logs = totals.logs();
    await callbacks.onTestEnd(logs);
    return logs;
  }

  /** The loaded graphs for data that may be weighted, made anew where what is there does not fit. */
  async #prepare(data: {
    x: unknown;
    sampleWeight?: unknown;
    classWeight?: unknown;
  }): Promise<{ trainer: Trainer; form: Form }> {
    const { optimizer, loss, metrics } = this.#assertCompiled('fit');
    const parts = await this.#getParts();
    const weighted = data.sampleWeight != null || data.classWeight != null || isBatches(data.x);
    if (!this.#trainer || (weighted && !this.#trainer.plan.weighted)) {
      const plan = trainingPlan(parts.rest, { loss, metrics, optimizer, weighted });
      this.#trainer = new Trainer(parts.engine, plan, optimizer, globalRandom().randint(2 ** 31 - 1));
    }
    return {
      trainer: this.#trainer,
      form: { extract: parts.extract, targetShape: this.#trainer.plan.targetShape },
    };
  }

  #getParts(): Promise<Parts> {
    this.#parts ??= resolveEngine(this.#engine).then((engine) => new Parts(engine, this));
    return this.#parts;
  }

  #assertCompiled(method: string): Compiled {
    if (this.#compiled) return this.#compiled;
    throw new ValueError(`You must call \`compile()\` before calling \`${method}()\`.`);
  }
}

const toSource = async (data: ValidationData, batchSize: number, form: Form): Promise<Source> =>
  isBatches(data)
    ? new IterableSource(data, lengthOf(data), form)
    : new ArraySource(await toSamples(data, form), batchSize, null);
