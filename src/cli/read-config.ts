import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { systemReason } from '#platform';
import { UsageError } from './main.js';

/**
 * The options of a configuration file, a JSON object.
 *
 * @throws UsageError where it cannot be read or is none
 */
export function readConfig(file: string): object {
  // yargs makes a whole path of what was written.
  const path = relative('.', file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `Expected a file of options with --config. Received: ${path}, ${systemReason(cause) ?? 'which cannot be read'}.`,
      { cause },
    );
  }
  try {
    const options: unknown = JSON.parse(text);
    if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options;
  } catch {
    // It is told below, as are lists and the like.
  }
  throw new UsageError(
    `Expected a JSON object of options with --config, as {"epochs": 10}. Received: ${path}, which holds none.`,
  );
}
