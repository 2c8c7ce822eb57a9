/** Which class a file belongs to, by its folder. */

/** A file with its path, as in `pets/cats/1.jpg`. */
export interface PathedFile<F = File> {
  readonly path: string;
  readonly file: F;
}

export interface SortedFiles<F> {
  /** Each folder that holds files, in the order of its first file. */
  readonly classes: readonly { readonly name: string; readonly files: readonly PathedFile<F>[] }[];
  /** Files in no folder. */
  readonly loose: readonly PathedFile<F>[];
}

/** What systems leave in folders without being asked. */
const isOfSystem = (part: string): boolean =>
  part.startsWith('.') || /^(__MACOSX|@eaDir|Thumbs\.db|desktop\.ini)$/i.test(part);

/** Every folder that holds files is a class, called as the folder is; what systems leave there is passed over. */
export function sortIntoClasses<F>(files: readonly PathedFile<F>[]): SortedFiles<F> {
  const classes = new Map<string, PathedFile<F>[]>();
  const loose: PathedFile<F>[] = [];
  for (const each of files) {
    const parts = each.path.split('/');
    if (parts.some(isOfSystem)) continue;
    const folder = parts.at(-2);
    if (folder === undefined) loose.push(each);
    else classes.set(folder, [...(classes.get(folder) ?? []), each]);
  }
  return { classes: [...classes].map(([name, files]) => ({ name, files })), loose };
}
