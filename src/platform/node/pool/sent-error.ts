/** Errors on their way between threads, where classes are lost. */
import { UserError, ValueError } from '../../../errors.js';
import { ImageError } from '../../../images/image.js';
import { NoFaceError } from '../../../images/no-face-error.js';
import { ResourceError } from '../system-error.js';

/** Classes that an error keeps. Of another class, it arrives as the first of these that it descends from. */
const classes = [
  ...[ImageError, NoFaceError, ResourceError, ValueError, UserError],
  ...[RangeError, SyntaxError, TypeError, Error],
] as const;

/** All of an error that can be cloned. */
export interface SentError {
  /** Its place among `classes`. */
  readonly kind: number;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Its own properties, those that are strings, numbers and booleans. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause?: SentError;
}

/** Makes of whatever was thrown a value that can be posted. */
export function packError(thrown: unknown): SentError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack, cause } = error;
  return {
    kind: classes.findIndex((candidate) => error instanceof candidate),
    name,
    message,
    stack,
    fields: Object.fromEntries(Object.entries(error).filter(([, value]) => isPlain(value))),
    ...(cause === undefined ? {} : { cause: packError(cause) }),
  };
}

/** The error again: its class as far as it is kept, name, message, stack, properties and cause. */
export function unpackError({ kind, name, message, stack, fields, cause }: SentError): Error {
  const error = new Error(message, cause && { cause: unpackError(cause) });
  Object.setPrototypeOf(error, (classes[kind] ?? Error).prototype);
  Object.assign(error, { stack }, fields);
  // A class without a property of this name has it from its prototype, as JavaScript's own do.
  if (error.name !== name) error.name = name;
  return error;
}

const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
