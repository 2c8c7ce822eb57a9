import { dirname } from 'node:path';
import { fileExists, removeRemains, writeFile } from '#platform';

/** Says so where a file is there already. */
export async function tellReplaced(path: string, tell: (message: string) => void): Promise<void> {
  if (await fileExists(path)) tell(`${path} is there already and will be replaced.`);
}

/** Writes a file, whole or not at all. Says so where one is replaced; removes the remains of killed runs beside it. */
export async function writeOver(
  path: string,
  content: Uint8Array,
  tell: (message: string) => void = () => {},
): Promise<void> {
  await tellReplaced(path, tell);
  await writeFile(path, content);
  await removeRemains(dirname(path));
}
