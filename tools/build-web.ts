/**
 * Builds the demo page from the sources as a static folder: `node dist/tools/build-web.js --model FILE [--webgpu] --out
 * DIR`. `ort-transfer web` does it with the bundle that the package carries.
 *
 * The folder holds the page, its scripts and workers, the element as a script for pages of one's own
 * (`ort-classifier.js`), ONNX Runtime's WebAssembly, the model and, where it crops faces, their detector.
 */
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { writeFiles } from '../src/cli/pages/page-files.js';
import { assembleWebPage, type WebPageOptions } from '../src/cli/pages/web-page.js';
import { bundlePage } from './bundle-pages.js';

export interface BuildWebOptions extends WebPageOptions {
  /** The folder to write. Files that are there already and have other names stay. */
  out: string;
}

/** @returns the names and sizes in bytes of the files it wrote */
export const buildWeb = async ({ out, ...options }: BuildWebOptions): Promise<Map<string, number>> =>
  writeFiles(out, await assembleWebPage(await bundlePage('web'), options));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: { model: { type: 'string' }, webgpu: { type: 'boolean' }, out: { type: 'string' } },
  });
  try {
    if (!values.out)
      throw new Error(
        'Expected --out DIR. Received: none. Hint: build-web --model FILE [--webgpu] --out DIR.',
      );
    const sizes = await buildWeb({ model: values.model, webgpu: values.webgpu, out: values.out });
    for (const [name, size] of sizes)
      console.log(`${(size / 1e6).toFixed(2).padStart(7)} MB  ${join(values.out, name)}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
