import { named, refuseOthers } from '../../named-options.js';
import { Callback } from './callback.js';

/** Any of the hooks, by name. Default: those of `Callback`, which do nothing. */
export type LambdaCallbackOptions = Partial<Pick<Callback, Extract<keyof Callback, `on${string}`>>>;

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
    const all = Object.getOwnPropertyNames(Callback.prototype).filter((name) => name.startsWith('on'));
    const others = Object.entries(named(hooks, new.target)).filter(([name]) => !all.includes(name));
    refuseOthers(Object.fromEntries(others), new.target, (probe: Record<string, unknown>) => {
      for (const name of all) void probe[name];
    });
    Object.assign(this, hooks);
  }
}
