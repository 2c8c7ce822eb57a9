import type { Argv } from 'yargs';
import { printLines } from '../terminal.js';
import { type PageFiles, writeFiles, writeZip } from './page-files.js';

/** Options of both commands that make pages. */
export const pageOptions = <T>(yargs: Argv<T>, out: string) =>
  yargs
    .option('out', { requiresArg: true, type: 'string', default: out, describe: 'Folder to write' })
    .option('zip', { type: 'boolean', default: false, describe: 'Write one .zip file of that name instead' });

/** Writes a page where it is wanted, and says so. @returns the exit code */
export async function writePage(
  files: PageFiles,
  { out, zip }: { readonly out: string; readonly zip: boolean },
): Promise<number> {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  if (zip) {
    const path = out.endsWith('.zip') ? out : `${out}.zip`;
    printLines(`${path}: ${megabytes(await writeZip(path, files))}, ${files.size} files`);
    return 0;
  }
  const sizes = await writeFiles(out, files);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  printLines(`${out}: ${megabytes(total)}, ${sizes.size} files. Show it with 'ort-transfer serve ${out}'.`);
  return 0;
}
