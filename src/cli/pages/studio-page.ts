import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { readHumanModel, sha256 } from '#platform';
import { loadBackbone } from '../../classifier/backbone.js';
import { readFaceDetectorModel } from '../../classifier/face-detector.js';
import { ValueError } from '../../errors.js';
import { seal } from '../../graph/seal.js';
import { readImageNetFile } from '../../keras/applications/mobilenet.js';
import { readMobileNetV2File } from '../../keras/applications/mobilenet-v2.js';
import { isOnnx } from '../../transfer/is-onnx.js';
import { type PageBundle, type PageFiles, withServiceWorker } from './page-files.js';

export interface StudioPageOptions {
  /**
   * `'vggface2'` for faces, `'imagenet'` or `'imagenet-v2'` for the rest, or a file in Keras's HDF5 layout. Default
   * `'vggface2'`.
   */
  readonly weights?: string;
}

/**
 * The studio with the weights of its backbone, whose graph the page writes itself, and the face detector. It works from
 * any static server and any path, offline from the second visit on, without special headers.
 *
 * @throws ValueError when the weights are not MobileNet's, DownloadError when they cannot be had
 */
export async function assembleStudio(
  bundle: PageBundle,
  { weights = 'vggface2' }: StudioPageOptions,
): Promise<PageFiles> {
  const files = new Map([...bundle.files, ...(await readWeights(weights))]);
  return withServiceWorker(files, bundle.serviceWorker);
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
      `Expected weights of MobileNet, whose graph the studio writes itself. Received: ${weights}. Hint: train on it with 'ort-transfer train', and show what comes of it with 'ort-transfer web'.`,
    );
  // Refuses other files here rather than in the page.
  await loadBackbone({ weights });
  const path = `models/${basename(weights)}`;
  return [config(path), [path, await readFile(weights)]];
}
