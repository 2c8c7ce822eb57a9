/** The pictures that a model was trained on, as far as others are compared with them. */

import type { SkippedPicture } from '../../classifier/dataset.js';
import type { Compared } from '../../classifier/leakage.js';
import { OnnxFormatError } from '../../graph/onnx-format-error.js';
import { listClasses, reportSkipped } from '../data/list-classes.js';
import { refuseSplits } from '../data/splits.js';
import { readPictureFile } from '../features/picture.js';
import { type ClassifyFilesOptions, classifyFiles } from '../predict/classify-files.js';
import type { Reporter } from '../reporter.js';

export interface ReadTrainingOptions
  extends Pick<ClassifyFilesOptions, 'model' | 'engine' | 'maxPixels' | 'workers' | 'embeds'> {
  /** Stops at a picture that cannot be used. Default false. */
  readonly strict?: boolean;
}

/**
 * Reads the pictures of a folder of classes: their hashes, and where `embeds` is set their embeddings, as the model itself
 * computes them. Files that cannot be used are told and left out, as training has left them out, too.
 */
export async function readTraining(
  folder: string,
  { strict, embeds, ...options }: ReadTrainingOptions,
  reporter: Reporter,
): Promise<Compared[]> {
  const found = await listClasses(folder, { strict }, reporter);
  refuseSplits(found, ({ train }) => `name \`train\` ${train}.`);
  if (!embeds) return hashFiles(found.images, reporter);
  const pictures: Compared[] = [];
  const skipped: SkippedPicture[] = [];
  let done = 0;
  const paths = found.images.map(({ path }) => path);
  for await (const file of classifyFiles(paths, { ...options, embeds })) {
    reporter.progress('Reading training pictures', { done: ++done, total: paths.length });
    if ('error' in file) {
      if (file.error instanceof OnnxFormatError) throw file.error;
      skipped.push({ path: file.path, reason: file.error.message });
      continue;
    }
    for (const { embedded } of file.results.slice(0, 1))
      if (embedded) pictures.push({ path: file.path, ...embedded });
  }
  reportSkipped(skipped, reporter);
  return pictures;
}

/** The hashes of files, of those that can be read. */
export async function hashFiles(
  files: readonly { readonly path: string }[],
  reporter: Reporter,
): Promise<Compared[]> {
  const hashed: Compared[] = [];
  for (const [i, { path }] of files.entries()) {
    const file = await readPictureFile(path).catch(() => null);
    if (file) hashed.push({ path, content: file.content });
    reporter.progress('Comparing files', { done: i + 1, total: files.length });
  }
  return hashed;
}
