import { withDefaults } from '../../named-options.js';
import { Callback } from './callback.js';

/** Any of the hooks, by name. Default: those of `Callback`, which do nothing. */
export type LambdaCallbackOptions = Partial<Hooks>;

type Hooks = Pick<Callback, Extract<keyof Callback, `on${string}`>>;

/**
 * A callback made of functions: `keras.callbacks.LambdaCallback`.
 *
 * @example
 *   new LambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs) })
 *
 * @throws TypeError when a name is no hook; Keras keeps it as an attribute that nobody calls
 */
export class LambdaCallback extends Callback {
  constructor(hooks: LambdaCallbackOptions) {
    super();
    const all = Object.entries(Object.getOwnPropertyDescriptors(Callback.prototype));
    const idle = Object.fromEntries(
      all.flatMap(([name, { value }]) => (name.startsWith('on') ? [[name, value]] : [])),
    );
    Object.assign(this, withDefaults(idle as Hooks, hooks, new.target));
  }
}
