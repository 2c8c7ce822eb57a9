import { makeFolderOf, print as printToConsole } from '#platform';
import { ValueError } from '../../errors.js';
import { named } from '../../named-options.js';
import { fixed } from '../python/format.js';
import type { Logs, MetricResult, Print } from './callback.js';
import { formatFilePath } from './file-path.js';
import { MonitorCallback, type MonitorOptions } from './monitor-callback.js';
import { SaveFrequency } from './save-frequency.js';

export interface ModelCheckpointOptions extends Omit<MonitorOptions, 'baseline' | 'minDelta'> {
  /**
   * Where to save: `.keras` or `.h5`; `.weights.h5` with `saveWeightsOnly`. May name values in Python's way, as in
   * `{epoch:02d}-{val_loss:.2f}.keras`; epochs and batches count from 1 there.
   */
  filepath: string;
  /** 1 tells of each saving. Default: 0. */
  verbose?: 0 | 1;
  /** Saves only when the monitored value improves. Default: false. */
  saveBestOnly?: boolean;
  /** Saves the weights without the layers. Default: false. */
  saveWeightsOnly?: boolean;
  /** `epoch`, or a number of batches. Default: `epoch`. */
  saveFreq?: 'epoch' | number;
  /** The value that the first one must beat. Default: none. */
  initialValueThreshold?: number | null;
  /** Writes messages. Default: to standard output. */
  print?: Print;
}

/** Saves the model, or its weights, as training goes on: `keras.callbacks.ModelCheckpoint`. */
export class ModelCheckpoint extends MonitorCallback {
  readonly #options: { filepath: string; verbose: number; saveBestOnly: boolean; saveWeightsOnly: boolean };
  readonly #print: Print;
  readonly #frequency: SaveFrequency;
  #epoch = 0;

  constructor(options: ModelCheckpointOptions) {
    const {
      filepath,
      verbose = 0,
      saveBestOnly = false,
      saveWeightsOnly = false,
      saveFreq = 'epoch',
      initialValueThreshold = null,
      print = printToConsole,
      ...others
    } = named(options, new.target);
    super({ ...others, baseline: initialValueThreshold });
    if (saveFreq !== 'epoch' && !Number.isInteger(saveFreq))
      throw new ValueError(
        `Unrecognized save_freq: ${saveFreq}. Expected save_freq are 'epoch' or integer values`,
      );
    if (saveWeightsOnly && !filepath.endsWith('.weights.h5'))
      throw new ValueError(
        `When using \`save_weights_only=True\` in \`ModelCheckpoint\`, the filepath provided must end in \`.weights.h5\` (Keras weights format). Received: filepath=${filepath}`,
      );
    if (!filepath.endsWith('.keras') && !filepath.endsWith('.h5'))
      throw new ValueError(
        `The filepath provided must end in \`.keras\` (Keras model format). Received: filepath=${filepath}`,
      );
    this.#options = { filepath, verbose, saveBestOnly, saveWeightsOnly };
    this.#print = print;
    this.#frequency = new SaveFrequency(saveFreq);
  }

  override get needsEveryBatch(): boolean {
    return this.#frequency.inBatches;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onTrainBatchEnd(batch: number, logs: Logs = {}): Promise<void> {
    if (this.#frequency.isDue(batch)) await this.#save(this.#epoch, { batch: batch + 1, ...logs }, logs);
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    this.findSign();
    if (!this.#frequency.inBatches) await this.#save(epoch, logs, logs);
  }

  async #save(epoch: number, values: Logs, logs: Logs): Promise<void> {
    const { filepath, verbose, saveWeightsOnly } = this.#options;
    const path = formatFilePath(filepath, { ...values, epoch: epoch + 1 });
    if (!this.#shouldSave(epoch, logs, path)) return;
    try {
      await makeFolderOf(path);
      await (saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
    } catch (error) {
      if ((error as { code?: string }).code !== 'EISDIR') throw error;
      throw new Error(
        `Please specify a non-directory filepath for ModelCheckpoint. Filepath used is an existing directory: ${path}`,
        { cause: error },
      );
    }
    if (verbose > 0) this.#print(`\nEpoch ${epoch + 1}: finished saving model to ${path}\n`);
  }

  #shouldSave(epoch: number, logs: Logs, path: string): boolean {
    const { saveBestOnly, verbose } = this.#options;
    const say = (message: string) => {
      if (verbose > 0) this.#print(`\nEpoch ${epoch + 1}: ${message}\n`);
    };
    if (!saveBestOnly) {
      say(`saving model to ${path}`);
      return true;
    }
    const current: MetricResult | undefined = logs[this.monitor];
    if (typeof current === 'object') {
      this.warn(
        `Can save best model only when \`monitor\` is a scalar value. Received: [${[...current].join(' ')}]. Falling back to \`save_best_only=False\`.`,
      );
      return true;
    }
    if (current === undefined) {
      this.warn(`Can save best model only with ${this.monitor} available.`);
      return true;
    }
    const best = this.best === null ? 'None' : fixed(this.best, 5);
    if (!this.isImprovement(current, this.best)) {
      say(`${this.monitor} did not improve from ${best}`);
      return false;
    }
    say(`${this.monitor} improved from ${best} to ${fixed(current, 5)}, saving model to ${path}`);
    this.best = current;
    return true;
  }
}
