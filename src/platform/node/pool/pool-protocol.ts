/** What the two ends of a worker say to each other, and how they hand over memory. */
import { UserError } from '../../../errors.js';

/** What the worker thread starts with. */
export interface WorkerStart {
  /** URL of the module whose `start` makes the handler. */
  readonly entry: string;
  readonly setup: unknown;
}

export interface Task {
  readonly type: 'task';
  readonly id: number;
  readonly item: unknown;
}

/** Asks a worker to finish what it has in hand, pass over what it has not begun, and go. */
export interface Farewell {
  readonly type: 'end';
}

/** An error as it crosses between threads, where classes are lost. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly properties: Record<string, unknown>;
  /** Whether it is a `UserError`, which is meant for people. */
  readonly isForUser: boolean;
}

export type Reply =
  | { readonly type: 'ready' }
  | { readonly type: 'unable'; readonly error: SentError }
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: SentError };

export function packError(error: unknown): SentError {
  if (!(error instanceof Error))
    return { name: 'Error', message: String(error), properties: {}, isForUser: false };
  const { name, message, stack } = error;
  const properties = Object.fromEntries(
    Object.entries(error).filter(
      ([key, value]) => key !== 'name' && ['string', 'number', 'boolean'].includes(typeof value),
    ),
  );
  return { name, message, stack, properties, isForUser: error instanceof UserError };
}

/** The error again, with its name, stack and plain properties, of class `UserError` where it was one, else `Error`. */
export const unpackError = ({ name, message, stack, properties, isForUser }: SentError): Error =>
  Object.assign(isForUser ? new UserError(message) : new Error(message), { name, stack, ...properties });

/**
 * The buffers of the typed arrays in `value` that can change hands rather than be copied: those that nothing else
 * shares. A view on a part of a buffer, as Node's small `Buffer`s are, is copied.
 */
export function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteLength } = value;
    if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength && byteLength > 0)
      found.add(buffer);
  } else if (Array.isArray(value)) for (const element of value) buffersOf(element, found);
  else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    for (const element of Object.values(value)) buffersOf(element, found);
  return found;
}
