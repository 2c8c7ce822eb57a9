/** The messages between the two ends of a worker thread, and the memory that goes with them. */
import type { SentError } from './sent-error.js';

/** Starts a worker thread. */
export interface WorkerStart {
  /** URL of the module whose `start` makes the handler. */
  readonly entry: string;
  readonly setup: unknown;
}

export interface Task {
  readonly type: 'task';
  readonly item: unknown;
}

/** Asks a worker to finish the item in hand, pass over those it has not begun, and go. */
export interface Farewell {
  readonly type: 'end';
}

/** Answers come in the order of the tasks. */
export type Reply =
  | { readonly type: 'ready' }
  | { readonly type: 'unable'; readonly error: SentError }
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: SentError };

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
