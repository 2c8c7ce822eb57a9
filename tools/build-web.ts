/**
 * Builds the demo page as a static folder: `node dist/tools/build-web.js --model FILE [--webgpu] --out DIR`.
 *
 * The folder holds the page, its scripts and workers, the element as a script for pages of one's own
 * (`ort-classifier.js`), ONNX Runtime's WebAssembly, the model and, where it crops faces, their detector. It works from
 * any static server and any path, offline from the second visit on, without special headers.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { sha256 } from '#platform';
import { checkClassifier } from '../src/classifier/check-classifier.js';
import { readFaceDetectorModel } from '../src/classifier/face-detector.js';
import { seal } from '../src/graph/seal.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const source = join(root, 'src/web');
/** Compiled, as the package's own names (`#platform`) lead there, too. */
const compiled = join(root, 'dist/src/web');
const runtime = join(root, 'node_modules/onnxruntime-web/dist');

export interface BuildWebOptions {
  /** An ONNX file that ort-transfer exported. Without one the page is built alone, and says that it has no model. */
  model?: string;
  /** Whether to add ONNX Runtime's build for graphics cards, 27 MB, which `provider="webgpu"` asks for. */
  webgpu?: boolean;
  /** The folder to write. Files that are there already and have other names stay. */
  out: string;
}

/**
 * Builds the page.
 *
 * @returns the names and sizes in bytes of the files it wrote
 * @throws MetadataError when the model is not one that the page can use.
 */
export async function buildWeb({
  model,
  webgpu = false,
  out,
}: BuildWebOptions): Promise<Map<string, number>> {
  const files = new Map<string, Uint8Array>([
    // The page runs ONNX Runtime alone. Without this the other engine would be built, and kept, for nobody.
    ...(await bundle(['page/page', 'ort-classifier', 'worker'], { external: ['*/engine/js.js'] })),
    ...(await readRuntime()),
  ]);
  for (const name of ['index.html', 'page.css']) files.set(name, await readFile(join(source, 'page', name)));
  // The element keeps models itself; and without ONNX Runtime for graphics cards it does with the other.
  files.set(...(await bundleServiceWorker(files)));
  if (webgpu)
    for (const [name, bytes] of await readRuntime('ort-wasm-simd-threaded.asyncify')) files.set(name, bytes);
  if (model !== undefined) {
    const bytes = await readFile(model);
    const { preprocessing } = await checkClassifier(bytes);
    files.set('model.onnx', bytes);
    if (preprocessing.crop === 'face')
      files.set('face-detector.onnx', await seal(await readFaceDetectorModel(), sha256));
  }
  return writeFiles(out, files);
}

/**
 * Writes files into a folder, each whole or not at all.
 *
 * @returns their names and sizes in bytes
 */
export async function writeFiles(
  out: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const [name, bytes] of files) {
    const path = join(out, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.partial`, bytes);
    await rename(`${path}.partial`, path);
    sizes.set(name, bytes.length);
  }
  return sizes;
}

/** A build of ONNX Runtime's WebAssembly with its loader, by file name. */
export async function readRuntime(
  build = 'ort-wasm-simd-threaded',
): Promise<[name: string, bytes: Uint8Array][]> {
  const read = async (name: string): Promise<[string, Uint8Array]> => [
    name,
    await readFile(join(runtime, name)),
  ];
  return Promise.all([read(`${build}.mjs`), read(`${build}.wasm`)]);
}

/** The script that keeps files for visits without a network. @param files the files to keep, by name */
export async function bundleServiceWorker(
  files: ReadonlyMap<string, Uint8Array>,
): Promise<[name: string, bytes: Uint8Array]> {
  const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const builtFiles = Object.fromEntries([...files].map(([name, bytes]) => [name, hashOf(bytes)]));
  const constants = { builtFiles: JSON.stringify(builtFiles) };
  const [script] = await bundle(['page/service-worker'], { constants });
  if (!script) throw new Error('Expected a script of the service worker. Received: none.');
  return script;
}

/**
 * Scripts for browsers, by file name. Code that several share, or that only some visitors need, gets files of its own.
 *
 * @param scripts names below src/web, without ending
 * @param options.constants values of identifiers in them, as JSON
 * @param options.external imports that are left out, as esbuild takes them
 */
export async function bundle(
  scripts: readonly string[],
  { constants = {}, external = [] }: { constants?: Record<string, string>; external?: string[] } = {},
): Promise<[name: string, bytes: Uint8Array][]> {
  const { outputFiles } = await build({
    entryPoints: scripts.map((name) => join(compiled, `${name}.js`)),
    outdir: 'out',
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'eof',
    define: constants,
    external,
    // ONNX Runtime's build without the loader inside: the loader lies beside, with the WebAssembly it belongs to.
    conditions: ['browser', 'onnxruntime-web-use-extern-wasm'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map(({ path, contents }) => [path.slice(path.lastIndexOf('/') + 1), contents]);
}

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
