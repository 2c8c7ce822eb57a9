/**
 * The pictures of a project as a zip file.
 *
 * Each class is a folder below `pictures/`, as `ort-transfer train --train pictures` reads them, and `manifest.json`
 * tells the names in full and the settings. Zip files of folders that have no manifest open as well.
 */

import { strFromU8, strToU8, unzipSync, Zip, ZipPassThrough } from 'fflate';
import { UserError } from '../../errors.js';
import { sortIntoClasses } from './sort-files.js';
import { defaultSettings, readSettings, type Settings } from './studio-protocol.js';

/** A picture file. */
export interface NamedPicture {
  readonly name: string;
  readonly blob: Blob;
}

export interface Project {
  readonly classes: readonly { readonly name: string; readonly pictures: readonly NamedPicture[] }[];
  readonly settings: Settings;
}

/** A file that is no project. */
export class ArchiveError extends UserError {
  override name = 'ArchiveError';
}

const format = 'ort-transfer-studio/1';

interface Manifest {
  readonly format: string;
  readonly settings: Settings;
  readonly classes: readonly {
    readonly name: string;
    readonly pictures: readonly { readonly name: string; readonly path: string }[];
  }[];
}

/** Writes a project. Pictures are stored as they are, since they are compressed already. */
export async function writeProject({ classes, settings }: Project): Promise<Blob> {
  const folders = new Names();
  const placed = classes.map(({ name, pictures }) => {
    const folder = folders.take(name);
    const files = new Names();
    return {
      name,
      pictures: pictures.map((picture) => ({
        ...picture,
        path: `pictures/${folder}/${files.take(picture.name)}`,
      })),
    };
  });
  const manifest: Manifest = {
    format,
    settings,
    classes: placed.map(({ name, pictures }) => ({
      name,
      pictures: pictures.map(({ name, path }) => ({ name, path })),
    })),
  };
  const chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  const add = (path: string, bytes: Uint8Array) => {
    const entry = new ZipPassThrough(path);
    zip.add(entry);
    entry.push(bytes, true);
  };
  add('manifest.json', strToU8(`${JSON.stringify(manifest, null, 2)}\n`));
  for (const { path, blob } of placed.flatMap(({ pictures }) => pictures))
    add(path, new Uint8Array(await blob.arrayBuffer()));
  zip.end();
  return new Blob(chunks as BlobPart[], { type: 'application/zip' });
}

/** @throws ArchiveError when the file is no zip file, or holds no pictures in folders */
export async function readProject(file: Blob): Promise<Project> {
  const files = unzip(new Uint8Array(await file.arrayBuffer()));
  const manifest = files.get('manifest.json');
  const project = manifest ? readManifest(strFromU8(manifest), files) : readFolders(files);
  if (project.classes.length === 0)
    throw new ArchiveError(
      'Expected a folder of pictures for each class. Received: a zip file without folders.',
    );
  return project;
}

function unzip(bytes: Uint8Array): Map<string, Uint8Array> {
  const isHidden = (path: string) =>
    path.startsWith('__MACOSX/') || path.split('/').some((part) => part.startsWith('.'));
  try {
    const entries = unzipSync(bytes, { filter: ({ name }) => !name.endsWith('/') && !isHidden(name) });
    return new Map(Object.entries(entries));
  } catch (cause) {
    throw new ArchiveError(
      `Expected a zip file. Received: ${bytes.length} bytes that are none, or damaged.`,
      {
        cause,
      },
    );
  }
}

function readManifest(text: string, files: ReadonlyMap<string, Uint8Array>): Project {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text);
    if (manifest.format !== format) throw new Error(`format '${manifest.format}'`);
    return {
      settings: readSettings(manifest.settings),
      classes: manifest.classes.map(({ name, pictures }) => ({
        name: String(name),
        pictures: pictures.map(({ name, path }) => {
          const bytes = files.get(path);
          if (!bytes) throw new Error(`no file ${path}`);
          return toPicture(String(name), bytes);
        }),
      })),
    };
  } catch (cause) {
    throw new ArchiveError(
      `Expected a manifest that this studio wrote. Received: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/** Every folder that holds files is a class. */
function readFolders(files: ReadonlyMap<string, Uint8Array>): Project {
  const { classes } = sortIntoClasses([...files].map(([path, file]) => ({ path, file })));
  return {
    settings: defaultSettings,
    classes: classes.map(({ name, files }) => ({
      name,
      pictures: files.map(({ path, file }) => toPicture(nameOf(path), file)),
    })),
  };
}

/** The files of a zip file, in whatever folders. @throws ArchiveError when it is no zip file */
export async function readPictures(file: Blob): Promise<NamedPicture[]> {
  const files = unzip(new Uint8Array(await file.arrayBuffer()));
  return [...files]
    .filter(([path]) => path !== 'manifest.json')
    .map(([path, bytes]) => toPicture(nameOf(path), bytes));
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const toPicture = (name: string, bytes: Uint8Array): NamedPicture => ({
  name,
  blob: new Blob([bytes as Uint8Array<ArrayBuffer>]),
});

/** Names for files and folders, each once, without the characters that file systems forbid. */
class Names {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: file systems forbid them
    const safe = wanted.replace(/[\x00-\x1f<>:"/\\|?*]/g, '_').replace(/^\.+|[. ]+$/g, '_') || '_';
    const [, stem = safe, ending = ''] = /^(.*?)(\.[^.]*)?$/s.exec(safe) ?? [];
    let name = safe;
    for (let n = 2; this.#taken.has(name.toLowerCase()); n++) name = `${stem}-${n}${ending}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }
}
