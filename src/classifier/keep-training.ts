/** Where a training stands, kept so that it goes on there whatever stops it. Page-safe: whoever keeps it says where. */
import type { Tensor } from '../graph/tensor.js';
import { Callback, type Logs } from '../keras/callbacks/index.js';
import type { Sequential } from '../keras/models/sequential.js';
import type { RandomState, RandomStream } from '../keras/random/random-state.js';
import { optimizerValues, restoreOptimizer } from '../keras/saving/optimizer-state.js';
import type { BestWeights, KeptWeights } from './best-weights.js';

/** Everything that the rest of a training depends on. */
export interface HeadState {
  /** Epochs that are done. */
  readonly epoch: number;
  /** Batches of the next epoch that are done. */
  readonly batch: number;
  /** Sums of loss and metrics over these. */
  readonly totals: { readonly sums: readonly number[]; readonly samples: number };
  /** The random stream at the beginning of that epoch. */
  readonly random: RandomStream;
  /** Loss and metrics of each epoch that is done. */
  readonly logs: readonly Logs[];
  readonly weights: readonly Float32Array[];
  /** What the optimizer keeps, in the order of Keras. */
  readonly optimizer: readonly Tensor[];
  /** The best epoch's weights, where these will be taken. */
  readonly best: KeptWeights | null;
}

/** Keeps the state of one training. */
export interface KeptHead {
  /** Milliseconds from state to state within an epoch, at least. */
  readonly interval: number;
  /** The state that an earlier run left; `null` where there is none that fits. */
  read(): Promise<HeadState | null>;
  write(state: HeadState): Promise<void>;
}

/** Milliseconds from state to state where epochs are short, at least: a state may have tens of megabytes. */
const shortest = 1000;

/** Puts a training back to where it was, and keeps where it is. Must be the last of the callbacks. */
export class KeepTraining extends Callback {
  /** Loss and metrics of all epochs, those of earlier runs, too. */
  readonly logs: Logs[] = [];
  #random: RandomStream;
  #epoch = 0;
  #began = 0;
  #written = Number.NEGATIVE_INFINITY;

  /** @param replayed callbacks that are told of the epochs of earlier runs, as of those of this one */
  constructor(
    private readonly kept: KeptHead,
    private readonly parts: {
      readonly head: Sequential;
      readonly random: RandomState;
      readonly best: BestWeights | null;
      readonly replayed: readonly Callback[];
      /** The epoch to end with, counted from 1, after which a state is always kept. */
      readonly epochs: number;
    },
  ) {
    super();
    this.#random = parts.random.getState();
  }

  override async onTrainBegin(): Promise<void> {
    this.#began = performance.now();
    const state = await this.kept.read();
    if (!state) return;
    const { head, random, best, replayed } = this.parts;
    head.setWeights(state.weights);
    const problem = restoreOptimizer(head.optimizer, head.trainableWeights, state.optimizer);
    if (problem !== null) throw new Error(`The kept optimizer does not fit: ${problem}.`);
    random.setState(state.random);
    if (best && state.best) best.restore(state.best);
    head.restoredEpoch = state.epoch;
    if (state.batch > 0) head.restoredBatch = { batch: state.batch, ...state.totals };
    for (const [epoch, logs] of state.logs.entries()) {
      this.logs.push(logs);
      for (const callback of replayed) await callback.onEpochEnd(epoch, logs);
    }
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
    this.#random = this.parts.random.getState();
  }

  override async onTrainBatchEnd(batch: number): Promise<void> {
    if (performance.now() - Math.max(this.#written, this.#began) < this.kept.interval) return;
    await this.#write({ epoch: this.#epoch, batch: batch + 1 });
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    this.logs.push(logs);
    // What is not finite ends the training.
    if (!Object.values(logs).flat().every(Number.isFinite)) return;
    const isLast = epoch + 1 === this.parts.epochs;
    const wait = Math.min(this.kept.interval, shortest);
    if (!isLast && performance.now() - this.#written < wait) return;
    this.#random = this.parts.random.getState();
    await this.#write({ epoch: epoch + 1, batch: 0 });
  }

  async #write(place: Pick<HeadState, 'epoch' | 'batch'>): Promise<void> {
    const { head, best } = this.parts;
    await this.kept.write({
      ...place,
      totals: place.batch > 0 ? (head.batchTotals?.() ?? noTotals) : noTotals,
      random: this.#random,
      logs: this.logs,
      weights: head.getWeights(),
      optimizer: optimizerValues(head.optimizer, head.trainableWeights).map(({ value }) => value),
      best: best?.kept ?? null,
    });
    this.#written = performance.now();
  }
}

const noTotals = { sums: [], samples: 0 };
