import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../../errors.js';

/**
 * Where a module of this package lies that a thread is to start with: beside the code that asks, or, where a bundler
 * has carried that code elsewhere, in the installed package.
 *
 * @param beside its address beside the code; may throw, as bundles of CommonJS know no `import.meta.url`
 * @param path the same, from `src`
 * @returns `null` where there is none
 */
export function findModule(beside: () => URL, path: string): URL | null {
  const found = [attempt(beside), ...starts().map((start) => attempt(() => installed(start, path)))];
  return found.find((url) => url?.protocol === 'file:' && existsSync(url)) ?? null;
}

/** As `findModule`. @throws UserError where there is none */
export function requireModule(beside: () => URL, path: string): URL {
  const found = findModule(beside, path);
  if (found) return found;
  throw new UserError(
    "Expected the modules of ort-transfer that threads start with. Received: a bundle without them. Hint: keep the package out of the bundle ('external' in esbuild, 'serverExternalPackages' in Next.js), and install it beside.",
  );
}

/** The script that runs, and the working folder: the package is looked for as these would. */
const starts = (): string[] => [
  ...(process.argv[1] ? [process.argv[1]] : []),
  join(process.cwd(), 'index.js'),
];

const installed = (start: string, path: string): URL =>
  pathToFileURL(join(dirname(createRequire(start).resolve('ort-transfer/package.json')), 'dist/src', path));

function attempt(find: () => URL): URL | null {
  try {
    return find();
  } catch {
    return null;
  }
}
