import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Model } from '../../graph/graph.js';
import { OnnxFormatError } from '../../graph/onnx-format-error.js';
import { checkSeal } from '../../graph/seal.js';
import { sha256 } from './weights.js';

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

/**
 * An ONNX model of any origin, with weights that lie in files beside it.
 *
 * @returns the model, and the hash of its file, and of those beside it if there are any
 * @throws OnnxFormatError when the file is not such a model, or its weights are missing
 */
export async function readOnnx(path: string): Promise<{ model: Model; sha256: string }> {
  const bytes = await readModel(path);
  await checkSeal(bytes, sha256);
  // Loaded here alone: threads that decode no model start faster without it.
  const { decodeModel } = await import('../../graph/onnx.js');
  const hash = createHash('sha256').update(bytes);
  const files = new Map<string, Uint8Array>();
  const readExternal = (location: string): Uint8Array => {
    let file = files.get(location);
    if (file) return file;
    file = readBeside(path, location);
    files.set(location, file);
    hash.update(file);
    return file;
  };
  return { model: decodeModel(bytes, { readExternal }), sha256: hash.digest('hex') };
}

/** @throws OnnxFormatError for paths that lead elsewhere, and where there is no file */
function readBeside(path: string, location: string): Uint8Array {
  const parts = location.split(/[/\\]/);
  if (location.includes('\0') || parts.includes('..') || parts[0] === '' || /^[a-z]:/i.test(location))
    throw new OnnxFormatError(
      `Expected weights beside ${path}. Received: '${location}'. Hint: do not trust this file.`,
    );
  const file = join(dirname(path), location);
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return readFileSync(file);
  throw new OnnxFormatError(
    `Expected the weights of ${path} in ${file}. Received: no such file. Hint: keep the two together, or write one file with onnx.save_model(…, save_as_external_data=False).`,
  );
}
