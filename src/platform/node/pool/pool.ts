/** Work on several threads at once, with bounded memory and without fear of workers that die. */

import { availableParallelism } from 'node:os';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { UserError } from '../../../errors.js';
import {
  buffersOf,
  type Farewell,
  type Reply,
  type Task,
  unpackError,
  type WorkerStart,
} from './pool-protocol.js';

export interface PoolOptions {
  /**
   * The module that does the work. It exports `start(setup)`, which is called once in each worker and returns the
   * function that handles an item, or a promise of it. Typed arrays in results are handed over, not copied, so the
   * worker cannot use them again.
   */
  entry: URL;
  /** Given to `start` in each worker: anything that can be cloned. */
  setup?: unknown;
  /** Number of threads. Default: as many as the machine runs at once. */
  workers?: number;
  /** Items that a worker has been given and not yet answered, so that it never waits for the next. Default: 2. */
  perWorker?: number;
  /** Milliseconds that one item may take before its worker is replaced. Default: no limit. */
  timeout?: number;
}

export interface MapOptions {
  /** Give the outcomes in the order of the items rather than as they are done. Default: true. */
  ordered?: boolean;
  /** Hand over the items' typed arrays rather than copy them; the caller must not use them after. Default: false. */
  transfer?: boolean;
}

/** What became of an item. */
export type Outcome<Item, Result> = {
  readonly item: Item;
  /** The item's place among all, from 0. */
  readonly index: number;
} & ({ readonly ok: true; readonly value: Result } | { readonly ok: false; readonly error: Error });

/** A worker that died, or took too long, while it had an item in hand. */
export class WorkerDiedError extends UserError {
  override name = 'WorkerDiedError';

  constructor(received: string, cause?: unknown) {
    super(`Expected an answer from a worker. Received: ${received}.`, { cause });
  }
}

interface Job {
  readonly task: Task;
  readonly transfer: boolean;
  readonly resolve: (result: { ok: true; value: unknown } | { ok: false; error: Error }) => void;
}

interface Member {
  readonly worker: Worker;
  /** What it has been given, oldest first; it works on the first. */
  readonly jobs: Job[];
  ready: boolean;
  timer?: NodeJS.Timeout;
}

/**
 * Starts a pool of workers.
 *
 * @throws the entry's own error when it does not load or its `start` fails
 *
 * @example
 * // resize-worker.ts
 * export const start = ({ size }) => async (path) => resize(await decodeImage(await readFile(path)), { size });
 * // elsewhere
 * const pool = await createPool({ entry: new URL('./resize-worker.js', import.meta.url), setup: { size } });
 * for await (const { item, ...outcome } of pool.map(paths)) { … }
 * await pool.close();
 */
export async function createPool<Item, Result>(options: PoolOptions): Promise<Pool<Item, Result>> {
  const pool = new Pool<Item, Result>(options);
  try {
    await pool.ready;
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

/** See `createPool`. Idle workers do not keep the process alive. */
export class Pool<Item, Result> {
  /** Settles when every worker has started. */
  readonly ready: Promise<void>;
  /** How many items are taken from the source before the first outcome is. */
  readonly capacity: number;
  readonly #options: PoolOptions & { perWorker: number };
  readonly #members = new Set<Member>();
  /** Jobs that no worker has room for. */
  readonly #waiting: Job[] = [];
  #nextId = 0;
  #closed = false;
  #failure?: Error;
  #started!: { resolve: () => void; reject: (error: Error) => void };

  constructor({ workers = availableParallelism(), perWorker = 2, ...options }: PoolOptions) {
    if (!(Number.isInteger(workers) && workers >= 1))
      throw new RangeError(`Expected at least 1 worker. Received: ${workers}.`);
    this.#options = { ...options, perWorker };
    this.capacity = workers * perWorker;
    this.ready = new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
    });
    this.ready.catch(() => {});
    for (let i = 0; i < workers; i++) this.#hire();
  }

  /**
   * Handles every item. Items are taken from their source only as workers get free: at most `capacity` of them are
   * under way or wait to be collected.
   *
   * An item that fails, or whose worker dies, has an outcome with `ok: false`; the others go on.
   */
  async *map(
    items: Iterable<Item> | AsyncIterable<Item>,
    { ordered = true, transfer = false }: MapOptions = {},
  ): AsyncGenerator<Outcome<Item, Result>, void, undefined> {
    const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    const underway: { finished: boolean; outcome: Promise<Outcome<Item, Result>> }[] = [];
    let index = 0;
    let exhausted = false;
    let reading: Promise<void> | undefined;
    const read = async (): Promise<void> => {
      const next = await source.next();
      reading = undefined;
      if (next.done) exhausted = true;
      else {
        const entry = { finished: false, outcome: this.#handle(next.value, index++, transfer) };
        void entry.outcome
          .finally(() => {
            entry.finished = true;
          })
          .catch(() => {});
        underway.push(entry);
      }
    };
    try {
      while (!exhausted || underway.length > 0) {
        if (!exhausted && !reading && underway.length < this.capacity) reading = read();
        const position = ordered
          ? 0
          : Math.max(
              0,
              underway.findIndex(({ finished }) => finished),
            );
        const candidate = underway[position];
        if (candidate?.finished) {
          underway.splice(position, 1);
          yield await candidate.outcome;
        } else
          await Promise.race([
            ...(reading ? [reading] : []),
            ...(ordered ? underway.slice(0, 1) : underway).map(({ outcome }) => outcome),
          ]);
      }
    } finally {
      if (!exhausted) await source.return?.();
    }
  }

  /**
   * Ends all workers; items without an outcome yet get a failed one.
   *
   * A worker may finish the item in its hands: a thread that is torn out of native code, as ONNX Runtime's is, can
   * take the whole process with it.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const members = [...this.#members];
    this.#members.clear();
    for (const job of this.#waiting.splice(0)) this.#abandon(job);
    await Promise.all(
      members.map(async (member) => {
        clearTimeout(member.timer);
        for (const job of member.jobs.splice(0)) this.#abandon(job);
        await dismiss(member.worker);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #abandon(job: Job): void {
    job.resolve({ ok: false, error: this.#failure ?? new WorkerDiedError('the end of the pool') });
  }

  async #handle(item: Item, index: number, transfer: boolean): Promise<Outcome<Item, Result>> {
    if (this.#failure) throw this.#failure;
    if (this.#closed) throw new Error('Expected an open pool. Received: one that was closed.');
    const result = await new Promise<Parameters<Job['resolve']>[0]>((resolve) => {
      this.#waiting.push({ task: { type: 'task', id: this.#nextId++, item }, transfer, resolve });
      this.#assign();
    });
    if (this.#failure) throw this.#failure;
    return result.ok
      ? { item, index, ok: true, value: result.value as Result }
      : { item, index, ok: false, error: result.error };
  }

  /** Gives waiting jobs to the workers that have the least to do. */
  #assign(): void {
    while (this.#waiting.length > 0) {
      const free = [...this.#members].filter(
        ({ ready, jobs }) => ready && jobs.length < this.#options.perWorker,
      );
      if (free.length === 0) return;
      const member = free.reduce((a, b) => (b.jobs.length < a.jobs.length ? b : a));
      const job = this.#waiting.shift()!;
      try {
        member.worker.postMessage(job.task, job.transfer ? [...buffersOf(job.task.item)] : []);
      } catch (error) {
        // The item cannot be cloned.
        job.resolve({ ok: false, error: error as Error });
        continue;
      }
      member.jobs.push(job);
      if (member.jobs.length === 1) {
        member.worker.ref();
        this.#watch(member);
      }
    }
  }

  /** Starts the clock for the first of the worker's jobs. */
  #watch(member: Member): void {
    const { timeout } = this.#options;
    clearTimeout(member.timer);
    if (timeout === undefined || member.jobs.length === 0) return;
    member.timer = setTimeout(() => {
      this.#replace(member, new WorkerDiedError(`none within ${timeout} ms`));
    }, timeout);
  }

  #hire(): void {
    const { entry, setup } = this.#options;
    const start: WorkerStart = { entry: entry.href, setup };
    const worker = new Worker(new URL('./pool-worker.js', import.meta.url), {
      workerData: start,
      ...inheritedFlags(),
    });
    const member: Member = { worker, jobs: [], ready: false };
    this.#members.add(member);
    worker.on('message', (reply: Reply) => this.#hear(member, reply));
    // An error may overtake the last answers; the exit comes after them.
    let death: WorkerDiedError | undefined;
    worker.on('error', (error) => {
      death = new WorkerDiedError(`its death (${error.message})`, error);
    });
    worker.on('exit', (code) =>
      this.#replace(member, death ?? new WorkerDiedError(`its exit with code ${code}`)),
    );
  }

  #hear(member: Member, reply: Reply): void {
    if (!this.#members.has(member)) return;
    if (reply.type === 'unable') {
      this.#fail(unpackError(reply.error));
      return;
    }
    if (reply.type === 'ready') {
      member.ready = true;
      if ([...this.#members].every(({ ready }) => ready)) this.#started.resolve();
      if (member.jobs.length === 0) member.worker.unref();
    } else {
      const job = member.jobs.shift();
      job?.resolve(
        reply.type === 'done'
          ? { ok: true, value: reply.value }
          : { ok: false, error: unpackError(reply.error) },
      );
      this.#watch(member);
      if (member.jobs.length === 0) member.worker.unref();
    }
    this.#assign();
  }

  /** Takes a dead or stuck worker out, reports the item it had in hand, and gives the rest to its successor. */
  #replace(member: Member, error: WorkerDiedError): void {
    if (!this.#members.delete(member)) return;
    clearTimeout(member.timer);
    void member.worker.terminate();
    if (this.#closed) return;
    if (!member.ready) {
      this.#fail(error);
      return;
    }
    const [inHand, ...rest] = member.jobs.splice(0);
    // Handed-over memory died with the worker, so such items cannot be tried again.
    for (const job of rest.filter(({ transfer }) => transfer)) job.resolve({ ok: false, error });
    this.#waiting.unshift(...rest.filter(({ transfer }) => !transfer));
    this.#hire();
    inHand?.resolve({ ok: false, error });
    this.#assign();
  }

  /** A worker that cannot start will not start a second time: everything stops. */
  #fail(error: Error): void {
    this.#failure = error;
    this.#started.reject(error);
    void this.close();
  }
}

/**
 * Worker threads take Node's flags from the process, but refuse this one of `node --eval`. A list of one's own is given
 * only there, since in a list they refuse V8's flags, too.
 */
function inheritedFlags(): Pick<WorkerOptions, 'execArgv'> {
  const isRefused = (flag: string) => flag.startsWith('--input-type');
  return process.execArgv.some(isRefused)
    ? { execArgv: process.execArgv.filter((flag) => !isRefused(flag)) }
    : {};
}

/** Milliseconds that a worker gets to finish what it is doing. */
const patience = 20_000;

/** Asks a worker to go, and makes it go when it does not. */
function dismiss(worker: Worker): Promise<void> {
  const farewell: Farewell = { type: 'end' };
  return new Promise((resolve) => {
    const timer = setTimeout(() => void worker.terminate().then(() => resolve()), patience);
    worker.removeAllListeners();
    // What goes wrong from here on is nobody's concern any more.
    worker.on('error', () => {});
    worker.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    worker.ref();
    worker.postMessage(farewell);
  });
}
