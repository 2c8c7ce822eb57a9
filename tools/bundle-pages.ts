/**
 * Bundles both pages, without model or weights, into `dist/pages`, from where the package carries them, with the models
 * that vggface2 needs and the notices of everything that is inside: `npm run pages`.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { readHumanModel } from '#platform';
import { type PageBundle, type PageFiles, withServiceWorker } from '../src/cli/pages/page-files.js';
import { cast } from './characters/cast.js';
import { Random } from './characters/random.js';
import { takePicture } from './characters/scene.js';
import { noticesOf } from './third-party-notices.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const source = join(root, 'src/web');
/** Compiled, as the package's own names (`#platform`) lead there, too. */
const compiled = join(root, 'dist/src/web');
const runtime = join(root, 'node_modules/onnxruntime-web/dist');

/** Scripts for browsers, and the files that they were made of. */
interface Bundled {
  readonly files: PageFiles;
  readonly inputs: readonly string[];
}

interface PageParts {
  /** Its folder below src/web, which holds `index.html`. */
  readonly folder: string;
  readonly scripts: readonly string[];
  readonly styles: string;
  readonly external: readonly string[];
}

const pages: Readonly<Record<'web' | 'studio', PageParts>> = {
  web: {
    folder: 'page',
    scripts: ['page/page', 'ort-classifier', 'worker'],
    styles: 'page.css',
    // The page runs ONNX Runtime alone. Without this the other engine would be built, and kept, for nobody.
    external: ['*/engine/js.js'],
  },
  studio: {
    folder: 'studio',
    scripts: ['studio/studio', 'studio/studio-worker', 'worker'],
    styles: 'studio.css',
    external: [],
  },
};

/** The files of a page, but for ONNX Runtime's. */
async function bundleFiles(page: 'web' | 'studio'): Promise<Bundled> {
  const { folder, scripts, styles, external } = pages[page];
  const bundled = await bundleScripts(scripts, { external });
  const files = new Map(bundled.files);
  for (const name of ['index.html', styles]) files.set(name, await readFile(join(source, folder, name)));
  if (page === 'studio') files.set('example.zip', await drawExample());
  return { files, inputs: bundled.inputs };
}

/** How many pictures the example has of each of its people. */
const examplePictures = 8;

/** Pictures of drawn people, a folder for each, for visitors who have none at hand. */
async function drawExample(): Promise<Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const character of cast.slice(0, 3))
    for (let i = 1; i <= examplePictures; i++) {
      const path = `${character.name}/${String(i).padStart(3, '0')}.jpg`;
      files[path] = await takePicture(character, new Random(0, `train/${path}`));
    }
  // The same pictures, the same file.
  return zipSync(files, { level: 0, mtime: new Date('1980-01-01T00:00') });
}

/** A page as the package carries it. */
export const bundlePage = async (page: 'web' | 'studio'): Promise<PageBundle> => ({
  files: new Map([...(await bundleFiles(page)).files, ...(await readRuntime())]),
  serviceWorker: await bundleServiceWorkerScript(),
});

async function bundleServiceWorkerScript(): Promise<Uint8Array> {
  const [script] = (await bundleScripts(['page/service-worker'])).files.values();
  if (!script) throw new Error('Expected a script of the service worker. Received: none.');
  return script;
}

/** The script that keeps files for visits without a network. @param files the files to keep, by name */
export async function bundleServiceWorker(files: PageFiles): Promise<[name: string, bytes: Uint8Array]> {
  const name = 'service-worker.js';
  const all = withServiceWorker(files, await bundleServiceWorkerScript());
  return [name, all.get(name) ?? new Uint8Array()];
}

/** ONNX Runtime's WebAssembly with its loader, by file name. */
async function readRuntime(): Promise<[name: string, bytes: Uint8Array][]> {
  const names = ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];
  return Promise.all(
    names.map(async (name): Promise<[string, Uint8Array]> => [name, await readFile(join(runtime, name))]),
  );
}

/**
 * Scripts for browsers, by file name. Code that several share, or that only some visitors need, gets files of its own.
 *
 * @param scripts names below src/web, without ending
 * @param options.external imports that are left out, as esbuild takes them
 */
async function bundleScripts(
  scripts: readonly string[],
  { external = [] }: { external?: readonly string[] } = {},
): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
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
    external: [...external],
    // ONNX Runtime's build without the loader inside: the loader lies beside, with the WebAssembly it belongs to.
    conditions: ['browser', 'onnxruntime-web-use-extern-wasm'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const files = outputFiles.map(({ path, contents }): [string, Uint8Array] => [
    path.slice(path.lastIndexOf('/') + 1),
    contents,
  ]);
  return { files: new Map(files), inputs: Object.keys(metafile.inputs) };
}

async function write(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** Writes what the package carries besides its code. */
async function writePages(): Promise<void> {
  const dist = join(root, 'dist');
  for (const name of ['pages', 'models']) await rm(join(dist, name), { recursive: true, force: true });
  const inputs: string[] = [];
  for (const page of ['web', 'studio'] as const) {
    const bundled = await bundleFiles(page);
    inputs.push(...bundled.inputs);
    for (const [name, bytes] of bundled.files) await write(join(dist, 'pages', page, name), bytes);
    await write(join(dist, 'pages', page, 'service-worker.js'), await bundleServiceWorkerScript());
  }
  for (const [name, bytes] of await readRuntime()) await write(join(dist, 'pages/runtime', name), bytes);
  for (const name of ['faceres.json', 'faceres.bin', 'blazeface.json', 'blazeface.bin'])
    await write(join(dist, 'models', name), await readHumanModel(name));
  await write(join(dist, 'THIRD-PARTY-NOTICES.md'), await noticesOf(inputs, root));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writePages();
