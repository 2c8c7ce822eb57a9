/**
 * Reads single fields of a protobuf message where they lie, without a schema and without copying.
 * Wire format: https://protobuf.dev/programming-guides/encoding/
 */
import { UserError } from '../errors.js';

/** Bytes that are no protobuf message, or not a whole one. */
export class ProtobufError extends UserError {
  override name = 'ProtobufError';
}

/** Sizes of the values whose wire type fixes them. */
const fixedSizes = new Map([
  [1, 8],
  [5, 4],
]);
const varintType = 0;
const bytesType = 2;

/**
 * Finds the values of a field in order: integers, and bytes (strings, submessages) as views of the message.
 * Everything else is stepped over, so this takes no time to speak of, however large.
 *
 * @throws ProtobufError when a field reaches past the end, or is none.
 */
function* fieldsOf(message: Uint8Array, wanted: number): Generator<number | Uint8Array> {
  let position = 0;

  const varint = (): number => {
    // 64 bits take ten bytes at most. Beyond 2⁵³ the number is rounded, and larger than any file.
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (position >= message.length) throw new ProtobufError(`it ends within a number, at byte ${position}`);
      const byte = message[position++]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new ProtobufError(`a number at byte ${position - 10} is too long`);
  };

  while (position < message.length) {
    const start = position;
    const tag = varint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (number === 0 || number >= 2 ** 29) throw new ProtobufError(`no field at byte ${start}`);
    if (type === varintType) {
      const value = varint();
      if (number === wanted) yield value;
      continue;
    }
    const size = type === bytesType ? varint() : fixedSizes.get(type);
    if (size === undefined) throw new ProtobufError(`no field at byte ${start}`);
    if (size > message.length - position)
      throw new ProtobufError(`it ends ${size - (message.length - position)} bytes early`);
    if (type === bytesType && number === wanted) yield message.subarray(position, position + size);
    position += size;
  }
}

/** The values of a field that holds bytes, as `fieldsOf`. */
export function* bytesFields(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const value of fieldsOf(message, wanted)) if (typeof value !== 'number') yield value;
}

/** The last value of an integer field; 0 when absent, as protobuf has it. Integers below 0 come as above 2⁶³. */
export function intField(message: Uint8Array, wanted: number): number {
  let last = 0;
  for (const value of fieldsOf(message, wanted)) if (typeof value === 'number') last = value;
  return last;
}

/** The last value of a string field; empty when absent, as protobuf has it. */
export function textField(message: Uint8Array, wanted: number): string {
  let last: Uint8Array = new Uint8Array();
  for (const bytes of bytesFields(message, wanted)) last = bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(last);
  } catch {
    throw new ProtobufError('a text in it is not UTF-8');
  }
}

/** @throws ProtobufError when the bytes are no message, or not a whole one, so far as that shows from without. */
export function checkMessage(message: Uint8Array): void {
  if (message.length === 0) throw new ProtobufError('it is empty');
  for (const _ of fieldsOf(message, 0));
}

/**
 * Names the kind of a file that is no message: `an empty file`, `a web page`, …
 *
 * @param reason why it does not parse
 */
export function describeOther(bytes: Uint8Array, reason: unknown): string {
  if (bytes.length === 0) return 'an empty file';
  const start = new TextDecoder().decode(bytes.subarray(0, 64));
  if (/^\s*</.test(start)) return 'a web page';
  if (start.startsWith('version https://git-lfs'))
    return "what Git LFS leaves in a file's place, which 'git lfs pull' replaces";
  const why = reason instanceof ProtobufError ? reason.message : 'its parts do not parse';
  return `${bytes.length} bytes that are none, or not all of one (${why})`;
}
