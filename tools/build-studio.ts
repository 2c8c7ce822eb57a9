/**
 * Builds the studio as a static folder: `node dist/tools/build-studio.js --out DIR [--weights vggface2|imagenet|imagenet-v2|FILE]`.
 *
 * The folder holds the page, its scripts and workers, ONNX Runtime's WebAssembly, the weights of the backbone, whose
 * graph the page writes itself, and the face detector. It works from any static server and any path, offline from the
 * second visit on, without special headers.
 */

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { zipSync } from 'fflate';
import { readHumanModel, sha256 } from '#platform';
import { loadBackbone } from '../src/classifier/backbone.js';
import { readFaceDetectorModel } from '../src/classifier/face-detector.js';
import { ValueError } from '../src/errors.js';
import { seal } from '../src/graph/seal.js';
import { readImageNetFile } from '../src/keras/applications/mobilenet.js';
import { readMobileNetV2File } from '../src/keras/applications/mobilenet-v2.js';
import { isOnnx } from '../src/transfer/is-onnx.js';
import { bundle, bundleServiceWorker, readRuntime, writeFiles } from './build-web.js';
import { cast } from './characters/cast.js';
import { Random } from './characters/random.js';
import { takePicture } from './characters/scene.js';

const source = fileURLToPath(new URL('../../src/web', import.meta.url));

export interface BuildStudioOptions {
  /** The folder to write. Files that are there already and have other names stay. */
  out: string;
  /** `'vggface2'` for faces, `'imagenet'` or `'imagenet-v2'` for the rest, or a file in Keras's HDF5 layout. */
  weights?: string;
}

/**
 * Builds the page.
 *
 * @returns the names and sizes in bytes of the files it wrote
 * @throws ValueError when the weights are not MobileNet's, DownloadError when they cannot be had.
 */
export async function buildStudio({
  out,
  weights = 'vggface2',
}: BuildStudioOptions): Promise<Map<string, number>> {
  const weightFiles = await readWeights(weights);
  const files = new Map<string, Uint8Array>([
    ...(await bundle(['studio/studio', 'studio/studio-worker', 'worker'])),
    ...(await readRuntime()),
    ...weightFiles,
  ]);
  files.set('example.zip', await drawExample());
  for (const name of ['index.html', 'studio.css'])
    files.set(name, await readFile(join(source, 'studio', name)));
  files.set(...(await bundleServiceWorker(files)));
  return writeFiles(out, files);
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

/** The weights that the studio takes of those that Keras publishes. */
const published = { alpha: 1, size: 224, includeTop: false } as const;

async function readWeights(weights: string): Promise<[name: string, bytes: Uint8Array][]> {
  const config = (path: string): [string, Uint8Array] => [
    'studio.json',
    new TextEncoder().encode(`${JSON.stringify({ weights: path })}\n`),
  ];
  if (weights === 'vggface2')
    return [
      config(weights),
      ['models/faceres.json', await readHumanModel('faceres.json')],
      ['models/faceres.bin', await readHumanModel('faceres.bin')],
      ['face-detector.onnx', await seal(await readFaceDetectorModel(), sha256)],
    ];
  if (weights === 'imagenet') {
    const path = 'models/mobilenet_1_0_224_tf_no_top.h5';
    return [config(path), [path, await readImageNetFile(published)]];
  }
  if (weights === 'imagenet-v2') {
    const path = 'models/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5';
    return [config(path), [path, await readMobileNetV2File(published)]];
  }
  if (isOnnx(weights))
    throw new ValueError(
      `Expected weights of MobileNet, whose graph the studio writes itself. Received: ${weights}. Hint: train on it with 'ort-transfer train', and show what comes of it with 'make web'.`,
    );
  // Refuses other files here rather than in the page.
  await loadBackbone({ weights });
  const path = `models/${basename(weights)}`;
  return [config(path), [path, await readFile(weights)]];
}

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
