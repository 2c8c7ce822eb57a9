import { readModel, sha256 } from '#platform';
import { checkClassifier } from '../../classifier/check-classifier.js';
import { readFaceDetectorModel } from '../../classifier/face-detector.js';
import { seal } from '../../graph/seal.js';
import { type PageBundle, type PageFiles, withServiceWorker } from './page-files.js';
import { readGraphicsRuntime } from './shipped-pages.js';

export interface WebPageOptions {
  /** An ONNX file that ort-transfer exported. Default: none; the page says that it has no model. */
  readonly model?: string;
  /** Whether to add ONNX Runtime's build for graphics cards, which `provider="webgpu"` asks for. Default false. */
  readonly webgpu?: boolean;
}

/**
 * The page with a model, and where that crops faces, their detector. It works from any static server and any path,
 * offline from the second visit on, without special headers.
 *
 * @throws MetadataError or OnnxFormatError when the model is not one that the page can use
 */
export async function assembleWebPage(
  bundle: PageBundle,
  { model, webgpu = false }: WebPageOptions,
): Promise<PageFiles> {
  // The element keeps models itself; and without ONNX Runtime for graphics cards it does with the other.
  const files = withServiceWorker(bundle.files, bundle.serviceWorker);
  if (webgpu) for (const [name, bytes] of await readGraphicsRuntime()) files.set(name, bytes);
  if (model !== undefined) {
    const bytes = await readModel(model);
    const { preprocessing } = await checkClassifier(bytes);
    files.set('model.onnx', bytes);
    if (preprocessing.crop === 'face')
      files.set('face-detector.onnx', await seal(await readFaceDetectorModel(), sha256));
  }
  return files;
}
