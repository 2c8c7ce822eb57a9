/**
 * Builds the demo page as a static folder: `node dist/tools/build-web.js --model FILE --out DIR`.
 *
 * The folder holds the page, its script and worker, ONNX Runtime's WebAssembly, the model and, where it crops
 * faces, their detector. It works from any static server and any path, offline, without special headers.
 */
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { readMetadata } from '../src/graph/metadata.js';
import { readFaceDetectorModel } from '../src/transfer/face-detector.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const source = join(root, 'src/web');
const runtime = join(root, 'node_modules/onnxruntime-web/dist');

export interface BuildWebOptions {
  /** An ONNX file that ort-transfer exported. Without one the page is built alone, and says that it has no model. */
  model?: string;
  /** The folder to write. Files that are there already and have other names stay. */
  out: string;
}

/**
 * Builds the page.
 *
 * @returns the names and sizes in bytes of the files it wrote
 * @throws MetadataError when the model is not one that the page can use.
 */
export async function buildWeb({ model, out }: BuildWebOptions): Promise<Map<string, number>> {
  const files = new Map<string, Uint8Array>(await bundle());
  for (const name of ['index.html', 'page.css']) files.set(name, await readFile(join(source, name)));
  for (const name of ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'])
    files.set(name, await readFile(join(runtime, name)));
  if (model !== undefined) {
    const bytes = await readFile(model);
    const { preprocessing } = readMetadata(bytes);
    files.set('model.onnx', bytes);
    if (preprocessing.crop === 'face') files.set('face-detector.onnx', await readFaceDetectorModel());
  }
  await mkdir(out, { recursive: true });
  const sizes = new Map<string, number>();
  for (const [name, bytes] of files) {
    const path = join(out, name);
    await writeFile(`${path}.partial`, bytes);
    await rename(`${path}.partial`, path);
    sizes.set(name, (await stat(path)).size);
  }
  return sizes;
}

/** The page's script and its worker, by file name. */
async function bundle(): Promise<[name: string, bytes: Uint8Array][]> {
  const { outputFiles } = await build({
    entryPoints: ['page', 'worker'].map((name) => join(source, `${name}.ts`)),
    outdir: 'out',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'eof',
    // ONNX Runtime's build without the loader inside: the loader lies beside, with the WebAssembly it belongs to.
    conditions: ['onnxruntime-web-use-extern-wasm'],
    // Never reached: the page asks for WebAssembly.
    external: ['onnxruntime-web/webgpu'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map(({ path, contents }) => [path.slice(path.lastIndexOf('/') + 1), contents]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { model: { type: 'string' }, out: { type: 'string' } } });
  try {
    if (!values.out)
      throw new Error('Expected --out DIR. Received: none. Hint: build-web --model FILE --out DIR.');
    const sizes = await buildWeb({ model: values.model, out: values.out });
    for (const [name, size] of sizes)
      console.log(`${(size / 1e6).toFixed(2).padStart(7)} MB  ${join(values.out, name)}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
