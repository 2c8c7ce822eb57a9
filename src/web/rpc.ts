/** Calls from a page to its worker: each has a number, which its answer carries back. */

/** Functions of a worker: each takes one question, may tell how far it is, and answers. */
// biome-ignore lint/suspicious/noExplicitAny: a protocol says which question, event and answer belong together
export type Calls<C> = { [Name in keyof C]: (question: any, tell: (event: any) => void) => unknown };

type Question<C extends Calls<C>, Name extends keyof C> = Parameters<C[Name]>[0];
type Tell<C extends Calls<C>, Name extends keyof C> = NonNullable<Parameters<C[Name]>[1]>;
type Answer<C extends Calls<C>, Name extends keyof C> = Awaited<ReturnType<C[Name]>>;

/** From the page to the worker. */
interface Call {
  readonly id: number;
  readonly name: PropertyKey;
  readonly question: unknown;
}

/** From the worker to the page: an event on the way, and at last an answer or a failure. */
type Reply = { readonly id: number } & (
  | { readonly event: unknown }
  | { readonly answer: unknown }
  | { readonly failure: Failure }
);

/** An error on its way through `postMessage`. */
export interface Failure {
  /** Whose fault it is, in the protocol's words. */
  readonly fault: string;
  readonly message: string;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  tell(event: unknown): void;
}

export interface CallerOptions {
  /** The error that a failure of the worker becomes in the page. */
  toError(failure: Failure): Error;
  /** The error of a worker that does not run. `reason` is empty where its script is missing. */
  toCrash(reason: string): Error;
}

/** A worker, seen from the page. */
export class Caller<C extends Calls<C>> {
  readonly #worker: Worker;
  readonly #options: CallerOptions;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  /** Says why nothing more can be asked. */
  #end?: Error;

  constructor(worker: Worker, options: CallerOptions) {
    this.#worker = worker;
    this.#options = options;
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#receive(data));
    worker.addEventListener('error', ({ message }) => this.stop(options.toCrash(message ?? '')));
  }

  /**
   * Asks the worker.
   *
   * @param onEvent hears the worker's events before it answers
   * @param transfer parts of the question that are handed over rather than copied
   */
  ask<Name extends keyof C>(
    name: Name,
    question: Question<C, Name>,
    { onEvent = () => {}, transfer = [] }: { onEvent?: Tell<C, Name>; transfer?: Transferable[] } = {},
  ): Promise<Answer<C, Name>> {
    return new Promise<Answer<C, Name>>((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      const id = this.#count++;
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, tell: onEvent });
      this.#worker.postMessage({ id, name, question } satisfies Call, transfer);
    });
  }

  /** Ends the worker. Calls under way, and all later ones, fail with `error`. */
  stop(error: Error): void {
    this.#end = error;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if ('event' in reply) {
      waiting?.tell(reply.event);
      return;
    }
    this.#waiting.delete(reply.id);
    if ('failure' in reply) waiting?.reject(this.#options.toError(reply.failure));
    else waiting?.resolve(reply.answer);
  }
}

export interface AnswerOptions<C extends Calls<C>> {
  /** Whose fault an error is. */
  faultOf(error: unknown): string;
  /** Calls that do not wait for those before them. */
  atOnce: readonly (keyof C)[];
  /** Parts of an answer that are handed over rather than copied. Default: none. */
  transfer?: { readonly [Name in keyof C]?: (answer: Answer<C, Name>) => Transferable[] };
}

interface Scope {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Call>) => void): void;
}

/** Makes this worker answer, one call after the other, so that no two large pictures are in memory at once. */
export function answerCalls<C extends Calls<C>>(
  calls: C,
  { faultOf, atOnce, transfer = {} }: AnswerOptions<C>,
): void {
  const scope = globalThis as unknown as Scope;
  const run = async ({ id, name, question }: Call) => {
    const known = name as keyof C;
    try {
      const answer = (await calls[known](question, (event: unknown) =>
        scope.postMessage({ id, event }),
      )) as Answer<C, keyof C>;
      scope.postMessage({ id, answer }, transfer[known]?.(answer));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      scope.postMessage({ id, failure: { fault: faultOf(error), message } });
    }
  };
  let queue = Promise.resolve();
  scope.addEventListener('message', ({ data }) => {
    if (atOnce.includes(data.name as keyof C)) void run(data);
    else queue = queue.then(() => run(data));
  });
}
