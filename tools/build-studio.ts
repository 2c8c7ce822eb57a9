/**
 * Builds the studio from the sources as a static folder: `node dist/tools/build-studio.js --out DIR [--weights
 * vggface2|imagenet|imagenet-v2|FILE]`. `ort-transfer studio` does it with the bundle that the package carries.
 */
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { writeFiles } from '../src/cli/pages/page-files.js';
import { assembleStudio, type StudioPageOptions } from '../src/cli/pages/studio-page.js';
import { bundlePage } from './bundle-pages.js';

export interface BuildStudioOptions extends StudioPageOptions {
  /** The folder to write. Files that are there already and have other names stay. */
  out: string;
}

/** @returns the names and sizes in bytes of the files it wrote */
export const buildStudio = async ({ out, ...options }: BuildStudioOptions): Promise<Map<string, number>> =>
  writeFiles(out, await assembleStudio(await bundlePage('studio'), options));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { weights: { type: 'string' }, out: { type: 'string' } } });
  try {
    if (!values.out)
      throw new Error('Expected --out DIR. Received: none. Hint: build-studio --out DIR [--weights FILE].');
    const sizes = await buildStudio({ out: values.out, weights: values.weights });
    for (const [name, size] of sizes)
      console.log(`${(size / 1e6).toFixed(2).padStart(7)} MB  ${join(values.out, name)}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
