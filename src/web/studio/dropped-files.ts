/** Files that are dropped, those in folders among them. */

import type { PathedFile } from './sort-files.js';

/** Hands over what is dropped on `target`, which has the class `over` while it hovers. */
export function acceptFolders(
  target: HTMLElement,
  onFiles: (files: Promise<readonly PathedFile[]>) => void,
): void {
  const setOver = (isOver: boolean) => target.classList.toggle('over', isOver);
  target.addEventListener('dragover', (event) => {
    event.preventDefault();
    setOver(true);
  });
  target.addEventListener('dragleave', () => setOver(false));
  target.addEventListener('drop', (event) => {
    setOver(false);
    // Something within has taken it.
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (event.dataTransfer) onFiles(filesOf(event.dataTransfer));
  });
}

/** Everything in it, folders walked. Must be called while the event lasts. */
function filesOf({ items }: DataTransfer): Promise<PathedFile[]> {
  const found = [...items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const read = found.map(async ({ entry, file }) => {
    if (entry?.isDirectory) return walk(entry as FileSystemDirectoryEntry);
    return file ? [{ path: file.name, file }] : [];
  });
  return Promise.all(read).then((parts) => parts.flat());
}

async function walk(folder: FileSystemDirectoryEntry): Promise<PathedFile[]> {
  const files: PathedFile[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory) files.push(...(await walk(entry as FileSystemDirectoryEntry)));
    else {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      files.push({ path: entry.fullPath.replace(/^\//, ''), file });
    }
  }
  return files;
}

/** Browsers tell of a folder's entries in parts, the last of them empty. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    entries.push(...part);
  }
}

/** The files that a visitor chose, with their paths where that was a folder. */
export const chosenFiles = (input: HTMLInputElement): PathedFile[] =>
  [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
