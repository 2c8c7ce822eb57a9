import { OnnxFormatError } from './onnx-format-error.js';

export interface DecodeOptions {
  /**
   * Reads a file of weights that lie beside the model, by the path that the model has for it. Default: such models
   * are refused.
   */
  readonly readExternal?: (location: string) => Uint8Array;
}

/** A tensor whose bytes are elsewhere. */
interface ExternalTensor {
  readonly name?: string | null;
  readonly externalData?: readonly { readonly key?: string | null; readonly value?: string | null }[] | null;
}

/**
 * The bytes of a tensor that lie in another file.
 *
 * Source: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md.
 *
 * @throws OnnxFormatError where they may not be read, or the file is too short
 */
export function readExternalData(
  { name, externalData }: ExternalTensor,
  read: DecodeOptions['readExternal'],
): Uint8Array {
  const entries = new Map((externalData ?? []).map(({ key, value }) => [key, value ?? '']));
  const location = entries.get('location') ?? '';
  if (!read)
    throw new OnnxFormatError(
      `Expected the weights inside the file. Received: '${name}' in '${location}' (external data). Hint: write it as one file with onnx.save_model(…, save_as_external_data=False).`,
    );
  const file = read(location);
  const offset = Number(entries.get('offset') || 0);
  const length = Number(entries.get('length') || file.length - offset);
  if (
    ![offset, length].every((number) => Number.isSafeInteger(number) && number >= 0) ||
    offset + length > file.length
  )
    throw new OnnxFormatError(
      `Expected ${length} bytes of '${name}' at ${offset} of '${location}'. Received: ${file.length} bytes in all.`,
    );
  return file.subarray(offset, offset + length);
}
