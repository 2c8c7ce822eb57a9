import { createPool, type Outcome, type PoolOptions } from './pool/pool.js';

/** Threads that handle items, each as the module `entry` says. */
export interface Threads<Item, Result> {
  /** Handles every item, in their order. */
  map(items: Iterable<Item>): AsyncIterable<Outcome<Item, Result>>;
  close(): Promise<void>;
}

/** Starts threads; `null` where there are none to be had. */
export const openThreads = async <Item, Result>(
  options: Pick<PoolOptions, 'entry' | 'setup'>,
): Promise<Threads<Item, Result> | null> => createPool<Item, Result>(options);
