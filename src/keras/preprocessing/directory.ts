import { compareCodePoints, listDirectory } from '#platform';

/** Python's `os.path.join`, with `/`. */
export const join = (folder: string, name: string): string =>
  folder === '' || folder.endsWith('/') ? folder + name : `${folder}/${name}`;

/** The sub-folders of a folder, linked ones as well, in Python's order. */
export function subfolders(folder: string): string[] {
  const entries = listDirectory(folder);
  if (!entries)
    throw new Error(`Expected a folder that holds one folder a class. Received: '${folder}', which is none.`);
  return entries
    .filter((entry) => entry.isFolder)
    .map((entry) => entry.name)
    .sort(compareCodePoints);
}

/**
 * The files with one of these endings in a folder and below, relative to it.
 *
 * Folders come in the order of their paths, each with its files in order of their names: Keras's `sorted(os.walk())`.
 *
 * @param followLinks also walks into linked folders
 */
export function filesBelow(folder: string, endings: readonly string[], followLinks: boolean): string[] {
  const folders: { path: string; files: string[] }[] = [];
  const walk = (path: string) => {
    const entries = listDirectory(path ? join(folder, path) : folder) ?? [];
    const files = entries.filter((entry) => !entry.isFolder).map((entry) => entry.name);
    folders.push({ path, files: files.sort(compareCodePoints) });
    for (const { name, isFolder, isLink } of entries)
      if (isFolder && (followLinks || !isLink)) walk(join(path, name));
  };
  walk('');
  return folders
    .sort((a, b) => compareCodePoints(a.path, b.path))
    .flatMap(({ path, files }) => files.map((name) => join(path, name)))
    .filter((path) => endings.some((ending) => path.toLowerCase().endsWith(ending)));
}
