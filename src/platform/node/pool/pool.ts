/** Work on several threads at once, with bounded memory and without fear of workers that die. */
import { availableParallelism } from 'node:os';
import { isFinal, resourceError } from '../system-error.js';
import { mapItems } from './map-items.js';
import {
  type Job,
  PoolThread,
  type Result,
  type ThreadEvents,
  type Timer,
  WorkerDiedError,
} from './pool-thread.js';

export { WorkerDiedError } from './pool-thread.js';

export interface PoolOptions {
  /**
   * The module that does the work. It exports `start(setup)`, which is called once in each worker and returns the
   * function that handles an item, or a promise of it. Typed arrays in results are handed over, not copied, so the
   * worker cannot use them again.
   */
  entry: URL;
  /** Given to `start` in each worker: anything that can be cloned. Default: nothing. */
  setup?: unknown;
  /** Number of threads. Default: as many as the machine runs at once. */
  workers?: number;
  /** Items that a worker has been given and not yet answered, so that it never waits for the next. Default: 2. */
  perWorker?: number;
  /** Milliseconds that one item may take before its worker is replaced. Default: no limit. */
  timeout?: number;
  /** The clock for `timeout`. Default: the system's. */
  timer?: Timer;
}

export interface MapOptions<Item> {
  /** Give the outcomes in the order of the items rather than as they are done. Default: true. */
  ordered?: boolean;
  /**
   * Hand over the items' typed arrays rather than copy them; the caller must not use them after. Such an item waits
   * here until a worker is free, so that a worker that dies takes no other with it. Default: false.
   */
  transfer?: boolean;
  /** Makes an item anew whose memory was handed over, for its second try. Default: it is not tried again. */
  renew?: (item: Item) => Promise<Item>;
}

export interface RunOptions {
  /** Gives the item up: it is not begun, or its result is dropped. Default: none. */
  signal?: AbortSignal;
}

/** An item's result, or its error. */
export type Outcome<Item, Value> = {
  readonly item: Item;
  /** The item's place among all, from 0. */
  readonly index: number;
} & ({ readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: Error });

/**
 * Starts a pool of workers.
 *
 * @throws the entry's own error when it does not load or its `start` fails; ResourceError when the machine has no more
 * threads or memory
 *
 * @example
 * // resize-worker.ts
 * export const start = ({ size }) => async (path) => resize(await decodeImage(await readFile(path)), { size });
 * // elsewhere
 * const pool = await createPool({ entry: new URL('./resize-worker.js', import.meta.url), setup: { size } });
 * for await (const { item, ...outcome } of pool.map(paths)) { … }
 * await pool.close();
 */
export async function createPool<Item, Value>(options: PoolOptions): Promise<Pool<Item, Value>> {
  const pool = new Pool<Item, Value>(options);
  try {
    await pool.ready;
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

/** See `createPool`. Idle workers do not keep the process alive. */
export class Pool<Item, Value> {
  /** Settles when every worker has started. */
  readonly ready: Promise<void>;
  /** How many items are taken from the source before the first outcome is. */
  readonly capacity: number;
  readonly #options: PoolOptions & { perWorker: number };
  readonly #threads = new Set<PoolThread>();
  /** Jobs that no worker has room for. */
  readonly #waiting: Job[] = [];
  /** Jobs that failed once, perhaps through no fault of their own. */
  readonly #failedOnce: Job[] = [];
  /** Whether one of these is being tried again, during which nothing else is handed out. */
  #isTryingAgain = false;
  #isClosed = false;
  #failure?: Error;
  #settleReady: { resolve: () => void; reject: (error: Error) => void } = { resolve() {}, reject() {} };

  constructor({ workers = availableParallelism(), perWorker = 2, ...options }: PoolOptions) {
    if (!(Number.isInteger(workers) && workers >= 1))
      throw new RangeError(`Expected at least 1 worker. Received: ${workers}.`);
    this.#options = { ...options, perWorker };
    this.capacity = workers * perWorker;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.ready.catch(() => {});
    for (let i = 0; i < workers; i++) this.#hire();
  }

  /**
   * Handles every item. Items are taken from their source only as workers get free: at most `capacity` of them are
   * under way or wait to be collected.
   *
   * An item that fails, or whose worker dies, is tried once more where other circumstances may be to blame: alone, in
   * a fresh thread. When it fails again, its outcome has `ok: false`, and the others go on.
   *
   * @throws ResourceError when memory, threads or file handles do not even suffice for one item alone
   */
  map(
    items: Iterable<Item> | AsyncIterable<Item>,
    { ordered = true, transfer = false, renew }: MapOptions<Item> = {},
  ): AsyncGenerator<Outcome<Item, Value>, void, undefined> {
    return mapItems(items, {
      ordered,
      capacity: this.capacity,
      handle: async (item, index): Promise<Outcome<Item, Value>> => {
        const result = await this.#handle({ item, transfer, renew: renew && (() => renew(item)) });
        return result.ok
          ? { item, index, ok: true, value: result.value as Value }
          : { item, index, ok: false, error: result.error };
      },
    });
  }

  /**
   * Handles one item by itself, for callers that come one by one. It is tried once, and when it fails, even as the
   * machine runs short, the others go on.
   *
   * @throws the item's error; the signal's reason once it is aborted
   */
  async run(item: Item, { signal }: RunOptions = {}): Promise<Value> {
    signal?.throwIfAborted();
    const { promise, settle } = pending();
    const job: Job = { item, transfer: false, isSecondTry: false, isLone: true, settle };
    const giveUp = () => {
      const place = this.#waiting.indexOf(job);
      if (place >= 0) this.#waiting.splice(place, 1);
      settle({ ok: false, error: signal?.reason });
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      this.#checkOpen();
      this.#waiting.push(job);
      this.#assign();
      const result = await promise;
      if (result.ok) return result.value as Value;
      throw result.error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Ends all workers, each after the item in its hands; items without an outcome yet get a failed one. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const threads = [...this.#threads];
    this.#threads.clear();
    const jobs = [this.#waiting, this.#failedOnce, ...threads.map((thread) => thread.jobs)];
    const error = this.#failure ?? new WorkerDiedError('the end of the pool');
    for (const job of jobs.flatMap((list) => list.splice(0))) job.settle({ ok: false, error });
    await Promise.all(threads.map((thread) => thread.dismiss()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #handle(job: Pick<Job, 'item' | 'transfer' | 'renew'>): Promise<Result> {
    this.#checkOpen();
    const result = await new Promise<Result>((settle) => {
      this.#waiting.push({ ...job, isSecondTry: false, settle });
      this.#assign();
    });
    if (this.#failure) throw this.#failure;
    return result;
  }

  #checkOpen(): void {
    if (this.#failure) throw this.#failure;
    if (this.#isClosed) throw new Error('Expected an open pool. Received: one that was closed.');
  }

  /** Gives waiting jobs to the workers that have the least to do. */
  #assign(): void {
    if (this.#isTryingAgain) return;
    for (let job = this.#waiting[0]; job; job = this.#waiting[0]) {
      const most = job.transfer ? 1 : this.#options.perWorker;
      const free = [...this.#threads].filter(({ isReady, jobs }) => isReady && jobs.length < most);
      if (free.length === 0) break;
      this.#waiting.shift();
      this.#give(
        job,
        free.reduce((a, b) => (b.jobs.length < a.jobs.length ? b : a)),
      );
    }
    const isIdle = this.#waiting.length === 0 && [...this.#threads].every(({ jobs }) => jobs.length === 0);
    if (isIdle && this.#failedOnce.length > 0) void this.#tryAgain();
  }

  #give(job: Job, thread: PoolThread): void {
    try {
      thread.give(job);
    } catch (error) {
      // The item cannot be cloned.
      job.settle({ ok: false, error: error as Error });
    }
  }

  /** Gives those that failed once their second try, one after the other, while all other threads rest. */
  async #tryAgain(): Promise<void> {
    this.#isTryingAgain = true;
    const [used] = this.#threads;
    if (used) {
      this.#threads.delete(used);
      await used.dismiss();
    }
    if (this.#isClosed) return;
    let thread = this.#hire();
    for (;;) {
      await thread.ready;
      const job = this.#failedOnce.shift();
      if (!job) break;
      await this.#giveAlone(job, thread);
      // One that died has its successor at the end.
      thread = [...this.#threads].at(-1) ?? thread;
    }
    this.#isTryingAgain = false;
    this.#assign();
  }

  /** Settles when the job is settled. */
  async #giveAlone(job: Job, thread: PoolThread): Promise<void> {
    try {
      const item = job.transfer && job.renew ? await job.renew() : job.item;
      await new Promise<void>((resolve, reject) => {
        const settle = (result: Result) => {
          job.settle(result);
          resolve();
        };
        if (this.#isClosed) reject(new WorkerDiedError('the end of the pool'));
        else this.#give({ ...job, item, settle, isSecondTry: true }, thread);
      });
    } catch (error) {
      this.#settleFailed(job, error as Error);
    }
  }

  #hire(): PoolThread {
    const thread = new PoolThread(this.#options, this.#events);
    this.#threads.add(thread);
    return thread;
  }

  readonly #events: ThreadEvents = {
    onReady: () => {
      if ([...this.#threads].every(({ isReady }) => isReady)) this.#settleReady.resolve();
      this.#assign();
    },
    onUnable: (error) => this.#fail(error),
    onAnswer: (thread, job, result) => {
      if (result.ok) job.settle(result);
      else this.#weigh(job, result.error, this.#threads.size === 1 && thread.answers === 1);
      this.#assign();
    },
    onDeath: (thread, error) => this.#replace(thread, error),
  };

  /** Decides whether a job that failed is tried again. */
  #weigh(job: Job, error: Error, wasAlone: boolean): void {
    const canTryAgain = !job.isSecondTry && !job.isLone && (!job.transfer || job.renew !== undefined);
    const isItsOwn = isFinal(error) && !(error instanceof WorkerDiedError);
    if (wasAlone || isItsOwn || !canTryAgain) this.#settleFailed(job, error);
    else this.#failedOnce.push(job);
  }

  #settleFailed(job: Job, error: Error): void {
    const shortage = resourceError(error);
    if (shortage && !job.isLone) this.#fail(shortage);
    job.settle({ ok: false, error: shortage ?? error });
  }

  /** Takes a dead or stuck worker out, weighs the item it had in hand, and gives the rest to its successor. */
  #replace(thread: PoolThread, error: WorkerDiedError): void {
    if (!this.#threads.delete(thread)) return;
    thread.terminate();
    if (!thread.isReady) {
      this.#fail(error);
      return;
    }
    const [inHand, ...rest] = thread.jobs.splice(0);
    this.#waiting.unshift(...rest);
    this.#hire();
    if (inHand) this.#weigh(inHand, error, false);
    this.#assign();
  }

  /** A worker that cannot start will not start a second time: everything stops. */
  #fail(error: Error): void {
    this.#failure ??= resourceError(error) ?? error;
    this.#settleReady.reject(this.#failure);
    void this.close();
  }
}

/** A result to come. The first one counts. */
function pending(): { promise: Promise<Result>; settle: (result: Result) => void } {
  let settle: (result: Result) => void = () => {};
  const promise = new Promise<Result>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
