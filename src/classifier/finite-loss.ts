import { Callback, type Logs } from '../keras/callbacks/index.js';

/**
 * Ends training after an epoch whose loss is infinite or no number.
 *
 * Not `TerminateOnNaN`, which hears of every batch by itself: batches that cannot run together take twice the time.
 */
export class FiniteLoss extends Callback {
  override onEpochEnd(_epoch: number, { loss }: Logs = {}): void {
    if (loss !== undefined && !Number.isFinite(loss)) this.model.stopTraining = true;
  }
}
