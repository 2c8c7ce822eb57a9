/** One thread of a pool, as the pool sees it: a worker, the jobs it has been given, and the clock that runs for them. */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { UserError } from '../../../errors.js';
import { requireModule } from './find-module.js';
import { buffersOf, type Farewell, type Reply, type WorkerStart } from './pool-protocol.js';
import { unpackError } from './sent-error.js';

/** A worker that died, or took too long, while it had an item in hand. */
export class WorkerDiedError extends UserError {
  override name = 'WorkerDiedError';

  constructor(received: string, cause?: unknown) {
    super(`Expected an answer from a worker. Received: ${received}.`, { cause });
  }
}

export type Result =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: Error };

/** An item that is to be handled. */
export interface Job {
  readonly item: unknown;
  /** Whether the item's memory is handed over rather than copied. */
  readonly transfer: boolean;
  /** Makes the item anew whose memory was handed over. */
  readonly renew?: () => Promise<unknown>;
  /** Whether it failed once and is tried for the second time, alone. */
  readonly isSecondTry: boolean;
  /** Whether its failure is its own: it is not tried again, and ends nothing else. Default false. */
  readonly isLone?: boolean;
  readonly settle: (result: Result) => void;
}

/** Rings once, after so many milliseconds. @returns a function that stops it */
export type Timer = (milliseconds: number, ring: () => void) => () => void;

const systemTimer: Timer = (milliseconds, ring) => {
  const timer = setTimeout(ring, milliseconds);
  return () => clearTimeout(timer);
};

export interface ThreadOptions {
  /** The module that does the work: see `PoolOptions`. */
  readonly entry: URL;
  /** Given to the module's `start`: anything that can be cloned. Default: nothing. */
  readonly setup?: unknown;
  /** Milliseconds that one item may take. Default: no limit. */
  readonly timeout?: number;
  /** The clock for `timeout`. Default: the system's. */
  readonly timer?: Timer;
}

/** Events of a thread, for its pool. */
export interface ThreadEvents {
  onReady(thread: PoolThread): void;
  /** It cannot start, and no other like it could. */
  onUnable(error: Error): void;
  onAnswer(thread: PoolThread, job: Job, result: Result): void;
  /** It is gone, or has to go. */
  onDeath(thread: PoolThread, error: WorkerDiedError): void;
}

export class PoolThread {
  /** The jobs it has been given, oldest first; it works on the first. */
  readonly jobs: Job[] = [];
  /** Items that it has answered for. */
  answers = 0;
  isReady = false;
  /** Settles when it has started. */
  readonly ready: Promise<void>;
  #settleReady = () => {};
  readonly #worker: Worker;
  readonly #options: ThreadOptions;
  readonly #events: ThreadEvents;
  #stopTimer = () => {};

  constructor({ entry, setup, ...options }: ThreadOptions, events: ThreadEvents) {
    this.#options = { entry, setup, ...options };
    this.#events = events;
    this.ready = new Promise((resolve) => {
      this.#settleReady = resolve;
    });
    const workerData: WorkerStart = { entry: entry.href, setup };
    this.#worker = new Worker(poolWorker(), {
      workerData,
      ...inheritedFlags(),
    });
    this.#worker.on('message', (reply: Reply) => this.#hear(reply));
    // An error may overtake the last answers; the exit comes after them.
    let death: WorkerDiedError | undefined;
    this.#worker.on('error', (error) => {
      death = new WorkerDiedError(`its death (${error.message})`, error);
    });
    this.#worker.on('exit', (code) =>
      events.onDeath(this, death ?? new WorkerDiedError(`its exit with code ${code}`)),
    );
  }

  /** @throws DataCloneError where the item cannot be cloned */
  give(job: Job): void {
    this.#worker.postMessage({ type: 'task', item: job.item }, job.transfer ? [...buffersOf(job.item)] : []);
    this.jobs.push(job);
    if (this.jobs.length > 1) return;
    this.#worker.ref();
    this.#startTimer();
  }

  /** Ends the thread at once. */
  terminate(): void {
    this.#stopTimer();
    void this.#worker.terminate();
  }

  /**
   * Asks the thread to go once it has finished the item in hand, and makes it go when it does not: a thread that is
   * torn out of native code, as ONNX Runtime's is, can take the whole process with it.
   */
  dismiss(): Promise<void> {
    this.#stopTimer();
    const worker = this.#worker;
    const farewell: Farewell = { type: 'end' };
    return new Promise((resolve) => {
      const stop = systemTimer(patience, () => void worker.terminate().then(() => resolve()));
      worker.removeAllListeners();
      // Errors from here on concern nobody.
      worker.on('error', () => {});
      worker.once('exit', () => {
        stop();
        resolve();
      });
      worker.ref();
      worker.postMessage(farewell);
    });
  }

  #hear(reply: Reply): void {
    if (reply.type === 'unable') this.#events.onUnable(unpackError(reply.error));
    else if (reply.type === 'ready') {
      this.isReady = true;
      this.#settleReady();
      this.#worker.unref();
      this.#events.onReady(this);
    } else if (reply.type === 'done') this.#answer({ ok: true, value: reply.value });
    else this.#answer({ ok: false, error: unpackError(reply.error) });
  }

  #answer(result: Result): void {
    const job = this.jobs.shift();
    if (!job) return;
    this.answers++;
    this.#startTimer();
    if (this.jobs.length === 0) this.#worker.unref();
    this.#events.onAnswer(this, job, result);
  }

  /** Starts the clock for the first of the jobs. */
  #startTimer(): void {
    const { timeout, timer = systemTimer } = this.#options;
    this.#stopTimer();
    if (timeout === undefined || this.jobs.length === 0) return;
    this.#stopTimer = timer(timeout, () =>
      this.#events.onDeath(this, new WorkerDiedError(`none within ${timeout} ms`)),
    );
  }
}

const poolWorker = (): URL =>
  requireModule(() => new URL('./pool-worker.js', import.meta.url), 'platform/node/pool/pool-worker.js');

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

/** Milliseconds that a worker gets to finish its item. */
const patience = 20_000;
