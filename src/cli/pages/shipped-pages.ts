import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.js';
import type { PageBundle } from './page-files.js';

/** Where the package keeps its pages, bundled before it was published. */
const folder = fileURLToPath(new URL('../../../pages/', import.meta.url));

/**
 * A page that comes with the package.
 *
 * @throws UserError in a clone where none was bundled
 */
export async function readShippedPage(page: 'web' | 'studio'): Promise<PageBundle> {
  const files = new Map<string, Uint8Array>();
  let serviceWorker: Uint8Array | undefined;
  try {
    for (const part of [page, 'runtime'])
      for (const name of (await readdir(join(folder, part))).sort()) {
        const bytes = await readFile(join(folder, part, name));
        if (name === 'service-worker.js') serviceWorker = bytes;
        else files.set(name, bytes);
      }
  } catch (cause) {
    throw missing(cause);
  }
  if (!serviceWorker) throw missing(undefined);
  return { files, serviceWorker };
}

const missing = (cause: unknown): UserError =>
  new UserError(
    `Expected the bundled pages in ${folder}. Received: none. Hint: install the package anew; in a clone, run 'npm run pages'.`,
    { cause },
  );

/**
 * ONNX Runtime for graphics cards, 27 MB, which the package does not carry.
 *
 * @throws UserError where onnxruntime-web is not installed
 */
export async function readGraphicsRuntime(): Promise<[name: string, bytes: Uint8Array][]> {
  const build = 'ort-wasm-simd-threaded.asyncify';
  try {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-web');
    return await Promise.all(
      [`${build}.mjs`, `${build}.wasm`].map(
        async (name): Promise<[string, Uint8Array]> => [name, await readFile(join(dirname(entry), name))],
      ),
    );
  } catch (cause) {
    throw new UserError(
      "Expected ONNX Runtime's files for graphics cards. Received: none. Hint: 'npm install onnxruntime-web' brings them.",
      { cause },
    );
  }
}
