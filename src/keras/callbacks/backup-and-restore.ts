import { copyFile, fileExists, readFile, remove, writeFile } from '#platform';
import { ValueError } from '../../errors.js';
import { named } from '../../named-options.js';
import { Callback } from './callback.js';
import { SaveFrequency } from './save-frequency.js';

export interface BackupAndRestoreOptions {
  /** A folder for this callback alone, which is removed when training is done. */
  backupDir: string;
  /** `epoch`, or a number of batches. Default: `epoch`. */
  saveFreq?: 'epoch' | number;
  /** Keeps the backup before the last, too, for when the last cannot be read. Default: false. */
  doubleCheckpoint?: boolean;
  /** Removes the backup at the end of training. Default: true. */
  deleteCheckpoint?: boolean;
}

/**
 * Backs up weights and epoch, and goes on from there when an interrupted training is started anew:
 * `keras.callbacks.BackupAndRestore`. The model keeps its optimizer's state in the weights file.
 */
export class BackupAndRestore extends Callback {
  readonly #options: { backupDir: string; doubleCheckpoint: boolean; deleteCheckpoint: boolean };
  readonly #frequency: SaveFrequency;
  readonly #weights: string;
  readonly #metadata: string;
  #epoch = 0;

  constructor(options: BackupAndRestoreOptions) {
    const {
      backupDir,
      saveFreq = 'epoch',
      doubleCheckpoint = false,
      deleteCheckpoint = true,
      ...others
    } = named(options, new.target);
    super(others);
    if (!backupDir) throw new ValueError('Empty `backup_dir` argument passed');
    if (saveFreq !== 'epoch' && !Number.isInteger(saveFreq))
      throw new ValueError(
        `Invalid value for argument \`save_freq\`. Received: save_freq=${saveFreq}. Expected either 'epoch' or an integer value.`,
      );
    this.#options = { backupDir, doubleCheckpoint, deleteCheckpoint };
    this.#frequency = new SaveFrequency(saveFreq);
    this.#weights = `${backupDir}/latest.weights.h5`;
    this.#metadata = `${backupDir}/training_metadata.json`;
  }

  override get needsEveryBatch(): boolean {
    return this.#frequency.inBatches;
  }

  override async onTrainBegin(): Promise<void> {
    try {
      await this.#restore();
    } catch (error) {
      if (!(await fileExists(previous(this.#weights)))) throw error;
      await copyFile(previous(this.#weights), this.#weights);
      if (await fileExists(previous(this.#metadata)))
        await copyFile(previous(this.#metadata), this.#metadata);
      else await remove(this.#metadata);
      await this.#restore();
    }
  }

  override async onTrainBatchEnd(batch: number): Promise<void> {
    if (this.#frequency.isDue(batch)) await this.#save();
  }

  override async onEpochEnd(epoch: number): Promise<void> {
    this.#epoch = epoch + 1;
    this.#frequency.startEpoch();
    if (!this.#frequency.inBatches) await this.#save();
  }

  override async onTrainEnd(): Promise<void> {
    if (this.#options.deleteCheckpoint) await remove(this.#options.backupDir);
  }

  async #restore(): Promise<void> {
    if (await fileExists(this.#weights)) await this.model.loadWeights(this.#weights);
    if (!(await fileExists(this.#metadata))) return;
    const { epoch } = JSON.parse(new TextDecoder().decode(await readFile(this.#metadata)));
    this.model.restoredEpoch = epoch;
  }

  async #save(): Promise<void> {
    if (this.#options.doubleCheckpoint)
      for (const path of [this.#weights, this.#metadata])
        if (await fileExists(path)) await copyFile(path, previous(path));
    await this.model.saveWeights(this.#weights);
    await writeFile(this.#metadata, `{"epoch": ${this.#epoch}, "batch": ${this.#frequency.lastBatch}}`);
  }
}

const previous = (path: string): string => `${path}.bkp`;
