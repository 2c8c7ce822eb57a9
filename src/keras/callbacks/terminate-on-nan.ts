import { print as printToConsole } from '#platform';
import { UserError } from '../../errors.js';
import { floatRepr } from '../python/format.js';
import { Callback, type Logs, type Print } from './callback.js';

export interface TerminateOnNaNOptions {
  /** Throws instead of ending training in good order. */
  raiseError?: boolean;
  print?: Print;
}

/** Stops training when the loss is no number or infinite: `keras.callbacks.TerminateOnNaN`. */
export class TerminateOnNaN extends Callback {
  readonly #raiseError: boolean;
  readonly #print: Print;

  constructor({ raiseError = false, print = printToConsole }: TerminateOnNaNOptions = {}) {
    super();
    this.#raiseError = raiseError;
    this.#print = print;
  }

  override onBatchEnd(batch: number, { loss }: Logs = {}): void {
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.#raiseError)
      throw new RuntimeError(
        `NaN or Inf loss encountered at batch ${batch}. Loss value: ${floatRepr(loss)}. Terminating training immediately.`,
      );
    this.#print(`Batch ${batch}: Invalid loss, terminating training\n`);
    this.model.stopTraining = true;
  }
}

/** Python's exception of this name. */
export class RuntimeError extends UserError {
  override name = 'RuntimeError';
}
