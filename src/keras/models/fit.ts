import { rowCount } from '../../graph/rows.js';
import type { Callback, Clock, Logs, Print, RestoredBatch, Verbose, Warn } from '../callbacks/callback.js';
import type { CallbackList } from '../callbacks/callback-list.js';
import type { RandomState } from '../random/random-state.js';
import type { ArrayLikeData, Batch, Batches } from './data.js';
import type { ClassWeight } from './samples.js';
import type { Source } from './source.js';
import { sumsOfStep, type Totals } from './totals.js';
import type { Trainer } from './trainer.js';

/** Inputs and targets, with weights of the samples if they have any. */
export type ValidationData = Batch | Batches;

/** Arguments of `fit`, as Keras has them. */
export interface FitOptions {
  /** Samples a batch, for arrays. Default: 32, or as many as give `stepsPerEpoch` batches. */
  batchSize?: number;
  /** The epoch to end with, counted from 1. Default: 1. */
  epochs?: number;
  /** 0 is silent, 1 a progress bar, 2 one line an epoch; `auto` is 1. Default: `auto`. */
  verbose?: Verbose;
  /** Callbacks to tell of each epoch and batch. Default: none but `History` and the progress bar. */
  callbacks?: Callback | readonly Callback[];
  /** Share of the arrays' end that is kept for validation. Default: 0. */
  validationSplit?: number;
  /** Data to validate on after each epoch: `[x, y]`, `[x, y, sampleWeight]`, or batches. Default: none. */
  validationData?: ValidationData | null;
  /** Whether arrays, and the batches of image iterators, are shuffled before each epoch. Default: true. */
  shuffle?: boolean;
  /** Weights of the classes by their indices. Default: 1 each. */
  classWeight?: ClassWeight;
  /** Weights of the samples, for arrays. Default: 1 each. */
  sampleWeight?: ArrayLikeData;
  /** The epoch to start from, counted from 0. Default: 0. */
  initialEpoch?: number;
  /** Batches an epoch. Default: one pass. */
  stepsPerEpoch?: number | null;
  /** Batches of each validation. Default: one pass. */
  validationSteps?: number | null;
  /** Samples a batch of validation arrays. Default: `batchSize`. */
  validationBatchSize?: number;
  /** Validates every so many epochs, or after these epochs, counted from 1. Default: 1. */
  validationFreq?: number | readonly number[];
  /**
   * For image iterators in front of a frozen part: how many random views of each picture are made and kept, to come
   * round again epoch after epoch; `Infinity` makes them all anew. Default: 1 where a picture is the same in each
   * epoch, else `Infinity`, as in Keras.
   */
  views?: number;
  /** Shuffles arrays, and seeds the noise of a model that has not run yet. Default: the stream that `setRandomSeed` seeds. */
  random?: RandomState;
  /** Writes the progress. Default: to standard output. */
  print?: Print;
  /** Takes warnings. Default: `console.warn`. */
  warn?: Warn;
  /** The clock, in seconds. Default: the system's. */
  now?: Clock;
}

/** The progress moves about this often, in seconds. */
const pace = 0.25;

/** Moving weights in and out costs about as much as a step, so that many are taken at once even if that is slow. */
const leastSteps = 24;

/** Everything an epoch needs, once data and model are prepared. */
export interface FitRun {
  trainer: Trainer;
  source: Source;
  totals: Totals;
  callbacks: CallbackList;
  model: { stopTraining: boolean; restoredBatch?: RestoredBatch };
  epochs: number;
  /** Known only when callbacks have heard of the beginning: `BackupAndRestore` may change it. */
  initialEpoch: () => number;
  stepsPerEpoch: number | null;
  shouldValidate(epoch: number): boolean;
  validate: (() => Promise<Logs>) | null;
  warn: Warn;
  now: Clock;
}

/** The loop over epochs. Source: keras.src.backend.tensorflow.trainer.TensorFlowTrainer.fit */
export async function runEpochs(run: FitRun): Promise<void> {
  const { callbacks, model, totals } = run;
  run.source.onEpochEnd();
  const stride: Stride = { most: 1 };
  await callbacks.onTrainBegin();
  let logs: Logs | undefined;
  for (let epoch = run.initialEpoch(); epoch < run.epochs; epoch++) {
    totals.reset();
    await callbacks.onEpochBegin(epoch);
    await runBatches(run, stride);
    logs = totals.logs();
    if (run.validate && run.shouldValidate(epoch))
      for (const [name, value] of Object.entries(await run.validate())) logs[`val_${name}`] = value;
    await callbacks.onEpochEnd(epoch, logs);
    if (model.stopTraining) break;
  }
  if (run.epochs > 0) run.trainer.optimizer.finalizeVariableValues(run.trainer.plan.trained);
  await callbacks.onTrainEnd(logs);
}

/** How many batches are taken at once: as many as the pace allows, which epochs learn from each other. */
interface Stride {
  most: number;
}

async function runBatches(run: FitRun, stride: Stride): Promise<void> {
  const { source, callbacks, trainer, totals, model, now } = run;
  const steps = run.stepsPerEpoch ?? source.batches ?? Number.POSITIVE_INFINITY;
  // With steps of its own, an epoch goes on where the last one ended.
  if (run.stepsPerEpoch === null || !source.open) source.start();
  const oneByOne = callbacks.needsEveryBatch;
  for (let step = await skipRestored(run, steps); step < steps; ) {
    const began = now();
    const batch = await source.next(Math.min(stride.most, steps - step), steps - step);
    if (!batch) {
      if (steps !== Number.POSITIVE_INFINITY || step === 0) run.warn(ranOut);
      break;
    }
    await callbacks.onTrainBatchBegin(step);
    const sums = await trainer.train(batch);
    const count = rowCount(sums);
    for (let i = 0; i < count; i++)
      totals.add(sumsOfStep(sums, i), Math.min(batch.batchSize, batch.order.length - i * batch.batchSize));
    step += count;
    await callbacks.onTrainBatchEnd(step - 1, totals.logs());
    if (model.stopTraining) return;
    const seconds = (now() - began) / count;
    if (!oneByOne)
      stride.most = Math.max(
        leastSteps,
        Math.min(2 * stride.most, Math.round(pace / Math.max(seconds, 1e-4))),
      );
  }
  source.onEpochEnd();
}

/** Passes over the batches that an earlier run has trained on. @returns how many there are */
async function skipRestored({ source, totals, model }: FitRun, steps: number): Promise<number> {
  const restored = model.restoredBatch;
  model.restoredBatch = undefined;
  if (!restored) return 0;
  totals.restore(restored);
  for (let step = 0; step < restored.batch; ) {
    const batch = await source.next(restored.batch - step, steps - step);
    if (!batch) break;
    step += Math.ceil(batch.order.length / batch.batchSize);
  }
  return restored.batch;
}

const ranOut =
  'Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at least `steps_per_epoch * epochs` batches. You may need to use the `.repeat()` function when building your dataset.';
