import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeWritableFolder } from '#platform';
import { ValueError } from '../../../errors.js';

/**
 * Finds out before the work begins whether a report can be written to a path.
 *
 * @throws ValueError where the path is a folder or does not end in `.html`, so that no model or picture is replaced; a
 * system error where nothing can be written to its folder
 */
export async function checkReportPath(path: string): Promise<void> {
  const entry = await stat(path).catch(() => null);
  if (entry?.isDirectory())
    throw new ValueError(
      `Expected a file for \`report\`. Received: ${path}, a folder. Hint: name a file in it, like ${join(path, 'report.html')}.`,
    );
  if (!/\.html?$/i.test(path))
    throw new ValueError(`Expected a path that ends in .html for \`report\`. Received: ${path}.`);
  await makeWritableFolder(dirname(path));
}

/**
 * Finds out before the work begins whether a report can take a place of its own beside a model.
 *
 * @throws ValueError where a folder is in its place
 */
export async function checkReportPlace(path: string): Promise<void> {
  const entry = await stat(path).catch(() => null);
  if (entry?.isDirectory())
    throw new ValueError(`Expected nothing but a report at ${path}. Received: a folder. Hint: move it away.`);
}
