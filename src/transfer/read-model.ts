import { readFile, stat } from 'node:fs/promises';
import { OnnxFormatError } from '../graph/onnx.js';

/**
 * The bytes of a model file.
 *
 * @throws OnnxFormatError for a folder, and for pipes and devices, which may never end; a system error where there is
 * no file
 */
export async function readModel(path: string): Promise<Uint8Array> {
  const entry = await stat(path);
  if (!entry.isFile())
    throw new OnnxFormatError(
      `Expected an ONNX model. Received: ${path}, ${entry.isDirectory() ? 'a folder' : 'neither a file nor a folder'}.`,
    );
  return readFile(path);
}
