import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import {
  createPool,
  FolderError,
  findImages,
  makeWritableFolder,
  removeRemains,
  requireModule,
  type Skipped,
} from '#platform';
import { ValueError } from '../../errors.js';
import { named, refuseOthers } from '../../named-options.js';
import type { ClassifyItem, ClassifySetup, FileResult } from './classify-protocol.js';

export interface ClassifyFilesOptions extends ClassifySetup {
  /** Folder for copies of the pictures with their labels drawn on. Default: none are made. */
  readonly save?: string;
  /** Threads. Default: as many as there are processors, and no more than pictures. */
  readonly workers?: number;
}

/** A picture that is no file: its bytes, and what the outcome calls it. */
export interface NamedPicture {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The outcome for one file. */
export type ClassifiedFile = { readonly path: string; readonly saved?: string } & (
  | { readonly results: readonly FileResult[] }
  | { readonly error: Error }
);

/**
 * Classifies picture files, or pictures by their bytes, on all cores, in their order. A file that cannot be classified has an `error`.
 *
 * @throws ValueError where a labelled picture would take the place of one of the files
 */
export async function* classifyFiles(
  pictures: readonly (string | NamedPicture)[],
  options: ClassifyFilesOptions,
): AsyncGenerator<ClassifiedFile> {
  const {
    model,
    engine,
    maxPixels,
    allFaces,
    explain,
    reject,
    unknown,
    why,
    embeds,
    workers,
    save,
    ...others
  } = named(options, 'classifyFiles');
  refuseOthers(others, 'classifyFiles', (probe) => classifyFiles(pictures, probe).next());
  if (save !== undefined) {
    await makeWritableFolder(save);
    await removeRemains(save);
  }
  const nameOf = namer();
  const paths = pictures.map((picture) => (typeof picture === 'string' ? picture : picture.path));
  const items = pictures.map((picture, i): ClassifyItem => {
    const path = paths[i] ?? '';
    const saveAs = save === undefined ? null : join(save, nameOf(path === '-' ? 'stdin' : path));
    return { path, saveAs, ...(typeof picture === 'string' ? {} : { bytes: picture.bytes }) };
  });
  const own = new Set(paths.map((path) => resolve(path)));
  for (const { saveAs } of items)
    if (saveAs !== null && own.has(resolve(saveAs)))
      throw new ValueError(
        `Expected another folder than that of the pictures for \`save\`. Received: ${save}, where ${saveAs} would be overwritten.`,
      );
  const pool = await createPool<ClassifyItem, FileResult[]>({
    entry: requireModule(
      () => new URL('./classify-worker.js', import.meta.url),
      'transfer/predict/classify-worker.js',
    ),
    setup: {
      model,
      engine,
      maxPixels,
      allFaces,
      explain,
      reject,
      unknown,
      why,
      embeds,
    } satisfies ClassifySetup,
    workers: Math.max(1, Math.min(workers ?? availableParallelism(), paths.length)),
  });
  try {
    for await (const outcome of pool.map(items)) {
      const { path, saveAs } = outcome.item;
      if (outcome.ok) yield { path, results: outcome.value, ...(saveAs === null ? {} : { saved: saveAs }) };
      else yield { path, error: outcome.error };
    }
  } finally {
    await pool.close();
  }
}

/**
 * The files that arguments stand for: files are themselves, folders the pictures in them. A folder that cannot be read
 * is left as it is: to classify it fails.
 */
export async function expandPaths(
  args: readonly string[],
): Promise<{ paths: string[]; passedOver: Skipped[] }> {
  const paths: string[] = [];
  const passedOver: Skipped[] = [];
  for (const arg of args) {
    const isFolder = await stat(arg).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    const found = isFolder ? await findImages(arg).catch(ifUnreadable) : null;
    paths.push(...(found?.paths ?? [arg]));
    passedOver.push(...(found?.skipped ?? []));
  }
  return { paths, passedOver };
}

/** Gives each labelled picture a file name of a kind that can be written, each once. */
function namer(): (path: string) => string {
  const taken = new Set<string>();
  return (path) => {
    const ending = extname(path);
    const stem = basename(path, ending);
    const written = /^\.jpe?g$/i.test(ending) ? ending : '.png';
    let name = stem + written;
    for (let i = 2; taken.has(name); i++) name = `${stem}-${i}${written}`;
    taken.add(name);
    return name;
  };
}

function ifUnreadable(error: unknown): null {
  if (error instanceof FolderError) return null;
  throw error;
}
