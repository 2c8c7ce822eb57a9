/**
 * A model file ends in a seal, the SHA-256 of all bytes before it, as the last of its `metadata_props`:
 *
 *     head -c -76 model.onnx | sha256sum
 *
 * A property before it, `sealed`, says that there is one, so that the seal cannot be lost unseen.
 */
import { OnnxFormatError } from './onnx-format-error.js';
import { bytesFields, ProtobufError, textField } from './protobuf.js';
import { joinBytes } from './rows.js';

/** The SHA-256 of bytes, in hexadecimal. */
export type Sha256 = (bytes: Uint8Array) => Promise<string>;

/** Properties that are about the file rather than the model. */
export const sealProperties: ReadonlySet<string> = new Set(['sealed', 'sha256']);

/** `metadata_props` of a ModelProto. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const metadataProps = 14;
const bytesType = 2;

/** A message's field of fewer than 128 bytes. */
const field = (number: number, bytes: Uint8Array): Uint8Array =>
  joinBytes([Uint8Array.of(number * 8 + bytesType, bytes.length), bytes]);

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const property = (key: string, value: string): Uint8Array =>
  field(metadataProps, joinBytes([field(1, utf8(key)), field(2, utf8(value))]));

const sealOf = (hash: string): Uint8Array => property('sha256', hash);
const sealLength = sealOf('0'.repeat(64)).length;

/** An ONNX file with its seal. */
export async function seal(model: Uint8Array, sha256: Sha256): Promise<Uint8Array<ArrayBuffer>> {
  const body = joinBytes([model, property('sealed', '"sha256"')]);
  return joinBytes([body, sealOf(await sha256(body))]);
}

/**
 * Checks the seal of an ONNX file, if it has one. Files that are no messages pass: whoever reads them will tell.
 *
 * @throws OnnxFormatError when the file is not as it was written
 */
export async function checkSeal(model: Uint8Array, sha256: Sha256): Promise<void> {
  const end = model.subarray(-sealLength);
  const isAtEnd = startsAlike(end, sealOf(''.padEnd(64)), sealLength - 64);
  if (!isAtEnd && !isSaidToBeSealed(model)) return;
  const body = model.subarray(0, -sealLength);
  if (isAtEnd && startsAlike(end, sealOf(await sha256(body)), sealLength)) return;
  throw new OnnxFormatError(
    "Expected a model as it was written. Received: one with other bytes, as its SHA-256 tells. Hint: copy or download it again; if another program changed it on purpose, remove 'sealed' and 'sha256' from its metadata.",
  );
}

/** Whether the property is there, before any damage. */
function isSaidToBeSealed(model: Uint8Array): boolean {
  try {
    for (const entry of bytesFields(model, metadataProps)) if (textField(entry, 1) === 'sealed') return true;
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
  }
  return false;
}

const startsAlike = (bytes: Uint8Array, other: Uint8Array, length: number): boolean =>
  bytes.length >= length && other.subarray(0, length).every((byte, i) => byte === bytes[i]);

/**
 * The properties of an ONNX file, without decoding its graph or copying its weights.
 *
 * @throws ProtobufError when it is no message
 */
export function readProperties(model: Uint8Array): Map<string, string> {
  const properties = new Map<string, string>();
  for (const entry of bytesFields(model, metadataProps))
    properties.set(textField(entry, 1), textField(entry, 2));
  return properties;
}
