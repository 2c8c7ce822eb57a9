import { Callback } from './callback.js';

/** Any of the hooks, by name. */
export type LambdaCallbackOptions = Partial<Pick<Callback, Extract<keyof Callback, `on${string}`>>>;

/**
 * A callback made of functions: `keras.callbacks.LambdaCallback`.
 *
 * @example
 *   new LambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs) })
 */
export class LambdaCallback extends Callback {
  constructor(hooks: LambdaCallbackOptions) {
    super();
    Object.assign(this, hooks);
  }
}
