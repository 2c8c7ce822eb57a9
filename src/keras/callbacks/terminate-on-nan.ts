import { print as printToConsole } from '#platform';
import { UserError } from '../../errors.js';
import { named } from '../../named-options.js';
import { floatRepr } from '../python/format.js';
import { Callback, type Logs, type Print } from './callback.js';

export interface TerminateOnNaNOptions {
  /** Throws instead of ending training in good order. Default: false. */
  raiseError?: boolean;
  /** Writes messages. Default: to standard output. */
  print?: Print;
}

/** Stops training when the loss is no number or infinite: `keras.callbacks.TerminateOnNaN`. */
export class TerminateOnNaN extends Callback {
  readonly #raiseError: boolean;
  readonly #print: Print;

  constructor(options: TerminateOnNaNOptions = {}) {
    const { raiseError = false, print = printToConsole, ...others } = named(options, new.target);
    super(others);
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
