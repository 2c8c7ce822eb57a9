import { Callback, type Logs } from '../keras/callbacks/index.js';

/** The weights of an epoch, with what they are compared by. */
export interface KeptWeights {
  /** Counted from 0. */
  readonly epoch: number;
  readonly accuracy: number;
  readonly loss: number;
  readonly weights: readonly Float32Array[];
}

/**
 * Keeps the weights of the epoch with the best accuracy on validation data, or on the training data where there are
 * none; of equals, that with the lowest loss. They are put back when training ends.
 *
 * Not `EarlyStopping`, which watches one number: the loss goes on rising as a model grows sure of itself while its
 * accuracy still improves, and accuracy alone ties on small sets.
 */
export class BestWeights extends Callback {
  /** The epoch of these weights, counted from 0. */
  epoch = 0;
  #best?: KeptWeights;

  /** The best so far; `null` before the first epoch. */
  get kept(): KeptWeights | null {
    return this.#best ?? null;
  }

  /** Takes what an earlier run found. */
  restore(best: KeptWeights): void {
    this.epoch = best.epoch;
    this.#best = best;
  }

  override onTrainBegin(): void {
    this.#best = undefined;
  }

  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    const accuracy = logs.val_accuracy ?? logs.accuracy ?? 0;
    const loss = logs.val_loss ?? logs.loss ?? Number.POSITIVE_INFINITY;
    const best = this.#best;
    if (best && (accuracy < best.accuracy || (accuracy === best.accuracy && !(loss < best.loss)))) return;
    this.epoch = epoch;
    this.#best = { epoch, accuracy, loss, weights: this.model.getWeights() };
  }

  override onTrainEnd(): void {
    if (this.#best) this.model.setWeights(this.#best.weights);
  }
}
