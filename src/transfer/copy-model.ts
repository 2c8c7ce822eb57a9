import { readFile } from 'node:fs/promises';
import { readMetadata } from '../graph/metadata.js';
import { decodeModel } from '../graph/onnx.js';
import { writeFile } from '../platform/node/files.js';

/**
 * Checks that a file is a whole model of this project, then writes it to `out`.
 *
 * @throws MetadataError or OnnxFormatError when it is not
 */
export async function copyModel(
  path: string,
  out: string,
): Promise<{ labels: readonly string[]; bytes: number }> {
  const model = await readFile(path);
  const { labels } = readMetadata(model);
  decodeModel(model);
  await writeFile(out, model);
  return { labels, bytes: model.length };
}
