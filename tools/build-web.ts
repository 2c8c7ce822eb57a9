/**
 * Builds the demo page as a static folder: `node dist/tools/build-web.js --model FILE [--webgpu] --out DIR`.
 *
 * The folder holds the page, its script and worker, the element as a script for pages of one's own (`ort-classifier.js`), ONNX Runtime's WebAssembly, the model and, where it crops
 * faces, their detector. It works from any static server and any path, offline, without special headers.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { readMetadata } from '../src/graph/metadata.js';
import { readFaceDetectorModel } from '../src/transfer/face-detector.js';

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
    ...(await bundle(['page', 'ort-classifier', 'worker'])),
    ...(await readRuntime({ webgpu })),
  ]);
  for (const name of ['index.html', 'page.css']) files.set(name, await readFile(join(source, name)));
  if (model !== undefined) {
    const bytes = await readFile(model);
    const { preprocessing } = readMetadata(bytes);
    files.set('model.onnx', bytes);
    if (preprocessing.crop === 'face') files.set('face-detector.onnx', await readFaceDetectorModel());
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

/** ONNX Runtime's WebAssembly with its loader, by file name. */
export async function readRuntime({ webgpu = false } = {}): Promise<[name: string, bytes: Uint8Array][]> {
  const builds = ['ort-wasm-simd-threaded', ...(webgpu ? ['ort-wasm-simd-threaded.asyncify'] : [])];
  const names = builds.flatMap((build) => [`${build}.mjs`, `${build}.wasm`]);
  return Promise.all(
    names.map(async (name) => [name, await readFile(join(runtime, name))] as const),
  ) as Promise<[string, Uint8Array][]>;
}

/**
 * Scripts for browsers, by file name; what several share, and what only some visitors need, is in files of its own.
 *
 * @param scripts names below src/web, without ending
 */
export async function bundle(scripts: readonly string[]): Promise<[name: string, bytes: Uint8Array][]> {
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
