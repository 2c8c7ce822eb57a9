import { appendFile, processName } from '#platform';
import { ValueError } from '../../errors.js';
import { named } from '../../named-options.js';
import {
  Callback,
  type CallbackLayer,
  type CallbackModel,
  type Clock,
  type Logs,
  type MetricResult,
} from './callback.js';
import { fileHeader, histogram, modelGraph, type Summary, scalar, summaryRecord } from './event-file.js';

export interface TensorBoardOptions {
  /** The folder for `train/` and `validation/`. Default: `logs`. */
  logDir?: string;
  /** Writes histograms of all weights every so many epochs; 0 is never. Default: 0. */
  histogramFreq?: number;
  /** Writes the model's architecture. Default: true. */
  writeGraph?: boolean;
  /** Writes the training speed. Default: false. */
  writeStepsPerSecond?: boolean;
  /** How often to write: each `epoch`, each `batch`, or every so many batches. Default: `epoch`. */
  updateFreq?: 'epoch' | 'batch' | number;
  /** The clock. Default: the system's. */
  now?: Clock;
  /** Images of the weights, which are not written: Keras's default alone is taken. Default: false. */
  writeImages?: boolean;
  /** Embeddings, which are not written: Keras's default alone is taken. Default: 0. */
  embeddingsFreq?: number;
  /** Names of embeddings, which are not written: Keras's default alone is taken. Default: none. */
  embeddingsMetadata?: unknown;
  /** Profiles, which are not written: Keras's default alone is taken. Default: 0. */
  profileBatch?: number | string | readonly number[];
}

type Part = 'train' | 'validation';

/**
 * Writes metrics to files that TensorBoard shows: `keras.callbacks.TensorBoard`.
 *
 * `epoch_…` by epoch, `evaluation_…_vs_iterations` after each evaluation, and `batch_…` by batch where `updateFreq`
 * asks for it. With `updateFreq` a number, epochs too are written only when the count of batches is a multiple of
 * it, as in Keras. Images of weights, embeddings and profiles are not written.
 */
export class TensorBoard extends Callback {
  readonly #options: {
    logDir: string;
    histogramFreq: number;
    writeGraph: boolean;
    writeStepsPerSecond: boolean;
    now: Clock;
  };
  /** Batches between updates; `null`: epochs alone. */
  readonly #every: number | null;
  #files = new Map<Part, string>();
  #filesMade = 0;
  #trainBatches = 0;
  #testBatches = 0;
  #batchStart = 0;
  #epochStart = 0;
  #iterationsBefore = 0;

  constructor(options: TensorBoardOptions = {}) {
    const {
      logDir = 'logs',
      histogramFreq = 0,
      writeGraph = true,
      writeStepsPerSecond = false,
      updateFreq = 'epoch',
      now = () => Date.now() / 1000,
      writeImages,
      embeddingsFreq,
      embeddingsMetadata,
      profileBatch,
      ...others
    } = named(options, new.target);
    super(others);
    const unsupported = { writeImages, embeddingsFreq, embeddingsMetadata, profileBatch };
    const [option] = Object.entries(unsupported).find(([, value]) => value) ?? [];
    if (option)
      throw new ValueError(
        `Expected options of TensorBoard that this package has. Received: ${option}. Hint: leave it out; scalars, histograms and the graph are written.`,
      );
    this.#options = { logDir, histogramFreq, writeGraph, writeStepsPerSecond, now };
    this.#every = updateFreq === 'epoch' ? null : updateFreq === 'batch' ? 1 : updateFreq;
  }

  override get needsEveryBatch(): boolean {
    return this.#every !== null;
  }

  override get needsEveryTestBatch(): boolean {
    return this.needsEveryBatch;
  }

  override setModel(model: CallbackModel): void {
    super.setModel(model);
    this.#files = new Map();
  }

  override async onTrainBegin(): Promise<void> {
    this.#trainBatches = 0;
    this.#iterationsBefore = 0;
    const json = this.#options.writeGraph && this.model.toJson?.();
    await this.#write('train', json ? [modelGraph(json)] : [], 0);
  }

  override onEpochBegin(): void {
    this.#iterationsBefore = this.model.optimizer.iterations;
    if (this.#options.writeStepsPerSecond) this.#epochStart = this.#options.now();
  }

  override onTrainBatchBegin(): void {
    this.#trainBatches += 1;
    if (this.#options.writeStepsPerSecond) this.#batchStart = this.#options.now();
  }

  override async onTrainBatchEnd(_batch: number, logs: Logs = {}): Promise<void> {
    if (this.#every === null || !this.#isDue(this.#trainBatches)) return;
    const { writeStepsPerSecond, now } = this.#options;
    const speed: Logs = writeStepsPerSecond ? { steps_per_second: 1 / (now() - this.#batchStart) } : {};
    await this.#write('train', scalars('batch_', { ...speed, ...logs }), this.#trainBatches);
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    if (!this.#isDue(this.#trainBatches)) return;
    const { histogramFreq, writeStepsPerSecond, now } = this.#options;
    const { optimizer } = this.model;
    const isValidation = (name: string) => name.startsWith('val_');
    const train = Object.fromEntries(Object.entries(logs).filter(([name]) => !isValidation(name)));
    train.learning_rate = optimizer.learningRate;
    if (writeStepsPerSecond)
      train.steps_per_second = (optimizer.iterations - this.#iterationsBefore) / (now() - this.#epochStart);
    const validation = Object.fromEntries(
      Object.entries(logs).flatMap(([name, value]) => (isValidation(name) ? [[name.slice(4), value]] : [])),
    );
    if (Object.keys(logs).length > 0) await this.#write('train', scalars('epoch_', train), epoch);
    if (Object.keys(validation).length > 0)
      await this.#write('validation', scalars('epoch_', validation), epoch);
    if (histogramFreq && epoch % histogramFreq === 0)
      await this.#write('train', histograms(this.model), epoch);
  }

  override async onTestBegin(): Promise<void> {
    await this.#write('validation', [], 0);
  }

  override onTestBatchBegin(): void {
    this.#testBatches += 1;
  }

  override async onTestEnd(logs: Logs = {}): Promise<void> {
    if (!this.#isDue(this.#testBatches)) return;
    const { iterations } = this.model.optimizer;
    const results = scalars('evaluation_', logs).map((summary) => ({
      ...summary,
      tag: `${summary.tag}_vs_iterations`,
    }));
    await this.#write('validation', results, iterations);
  }

  #isDue(batches: number): boolean {
    return this.#every === null || batches % this.#every === 0;
  }

  /** Adds to the file of that part, which is begun when first needed. */
  async #write(part: Part, summaries: readonly Summary[], step: number): Promise<void> {
    const { logDir, now } = this.#options;
    const time = now();
    let path = this.#files.get(part);
    const records = summaries.map((summary) => summaryRecord(summary, step, time));
    if (!path) {
      const second = String(Math.floor(time)).padStart(10, '0');
      path = `${logDir}/${part}/events.out.tfevents.${second}.${processName()}.${this.#filesMade}.v2`;
      this.#files.set(part, path);
      this.#filesMade += 1;
      records.unshift(fileHeader(time));
    }
    for (const record of records) await appendFile(path, record);
  }
}

const scalars = (prefix: string, logs: Logs): Summary[] =>
  Object.entries<MetricResult>(logs).map(([name, value]) => {
    if (typeof value === 'number') return scalar(prefix + name, value);
    throw new ValueError(
      `Expected metrics of one number, which TensorBoard draws. Received: '${name}', which has ${value.length}. Hint: give each threshold or class a metric of its own.`,
    );
  });

/** Each weight under Keras's path of it: layers of a `Sequential` carry its name before theirs. */
const histograms = (model: CallbackLayer): Summary[] =>
  (model.layers ?? []).flatMap((layer) => {
    if (layer.layers) return histograms(layer);
    const path = model.className === 'Sequential' ? `${model.name}/${layer.name}` : layer.name;
    return layer.weights.map(({ name, value }) => histogram(`${path}/${name}/histogram`, value));
  });
