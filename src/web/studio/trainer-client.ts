import { UserError } from '../../errors.js';
import type {
  Look,
  Reply,
  Request,
  Settings,
  StudioFault,
  Trained,
  TrainingClass,
} from './studio-protocol.js';

/** An error that says whose fault it is. */
export class StudioError extends UserError {
  override name = 'StudioError';
  constructor(
    readonly fault: StudioFault,
    message: string,
  ) {
    super(message);
  }
}

export interface TrainEvents {
  onPrepared?(done: number, total: number): void;
  /** @param epoch counted from 0 */
  onEpoch?(epoch: number, logs: Readonly<Record<string, number>>): void;
}

type Question = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;
type ReplyOf<T> = Extract<Reply, { type: T }>;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
  onEvent(reply: Reply): void;
}

/** The studio's worker, seen from the page. */
export class Trainer {
  /** Resolves once pictures can be looked at. Rejects with a StudioError. */
  readonly ready: Promise<void>;
  readonly #worker = new Worker(new URL('./studio-worker.js', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #end?: StudioError;

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#receive(data));
    this.#worker.addEventListener('error', ({ message }) => {
      this.#end = new StudioError('no runtime', `The worker stopped: ${message || 'its script is missing'}.`);
      for (const { reject } of this.#waiting.values()) reject(this.#end);
      this.#waiting.clear();
    });
    this.ready = this.#ask('opened', { type: 'open' }).then(() => {});
    this.ready.catch(() => {});
  }

  /** @throws StudioError `'bad picture'` */
  async look(picture: Blob): Promise<Look> {
    await this.ready;
    return this.#ask('looked', { type: 'look', picture });
  }

  async train(
    classes: readonly TrainingClass[],
    settings: Settings,
    { onPrepared, onEpoch }: TrainEvents = {},
  ): Promise<Trained> {
    await this.ready;
    return this.#ask('trained', { type: 'train', classes, settings }, (reply) => {
      if (reply.type === 'prepared') onPrepared?.(reply.done, reply.total);
      if (reply.type === 'epoch') onEpoch?.(reply.epoch, reply.logs);
    });
  }

  /** Ends training after the epoch; what was learnt so far is kept. */
  async stop(): Promise<void> {
    await this.#ask('stopped', { type: 'stop' });
  }

  /** What was trained last as a `.keras` file. */
  async encodeKeras(): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#ask('keras', { type: 'keras' })).bytes;
  }

  #ask<T extends Reply['type']>(
    expected: T,
    question: Question,
    onEvent: (reply: Reply) => void = () => {},
  ): Promise<ReplyOf<T>> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      const id = this.#count++;
      const check = (reply: Reply) => {
        if (reply.type === expected) resolve(reply as ReplyOf<T>);
        else reject(new TypeError(`Expected the worker to say '${expected}'. Received: '${reply.type}'.`));
      };
      this.#waiting.set(id, { resolve: check, reject, onEvent });
      this.#worker.postMessage({ ...question, id } satisfies Request);
    });
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (reply.type === 'prepared' || reply.type === 'epoch') {
      waiting?.onEvent(reply);
      return;
    }
    this.#waiting.delete(reply.id);
    if (reply.type === 'failed') waiting?.reject(new StudioError(reply.fault, reply.message));
    else waiting?.resolve(reply);
  }
}
