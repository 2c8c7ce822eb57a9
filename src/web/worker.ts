/** The worker of `Classifier`: fetches the model, decodes pictures and runs the graph, away from the page. */
import type { Session } from '../engine/engine.js';
import { ortWeb } from '../engine/ort-web.js';
import { type ModelMetadata, readMetadata } from '../graph/metadata.js';
import { tensor } from '../graph/tensor.js';
import { createFaceDetector, cropImage, type FaceDetector } from '../images/faces.js';
import { download } from './download.js';
import { decodePixels } from './pixels.js';
import {
  type Answer,
  ClassifierError,
  type Fault,
  type Progress,
  type Reply,
  type Request,
} from './protocol.js';

interface Scope {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

let loaded:
  | { readonly session: Session; readonly metadata: ModelMetadata; readonly detector?: FaceDetector }
  | undefined;

async function load(
  model: string,
  assets: string,
  onProgress: (progress: Progress) => void,
): Promise<ModelMetadata> {
  const bytes = await download(model, onProgress);
  const metadata = await blame('wrong model', () => readMetadata(bytes));
  const engine = await ortWeb({
    wasmPaths: {
      mjs: new URL('ort-wasm-simd-threaded.mjs', assets).href,
      wasm: new URL('ort-wasm-simd-threaded.wasm', assets).href,
    },
  });
  const session = await start(() => engine.load(bytes));
  if (metadata.preprocessing.crop === 'face') {
    const faces = await download(new URL('face-detector.onnx', assets).href);
    loaded = { session, metadata, detector: await start(() => createFaceDetector(engine, faces)) };
  } else loaded = { session, metadata };
  return metadata;
}

/** Starts a session. ONNX Runtime starts with the first one, and says so when it was that which failed. */
async function start<T>(create: () => Promise<T>): Promise<T> {
  try {
    return await create();
  } catch (cause) {
    const message = messageOf(cause);
    throw new ClassifierError(/no available backend/i.test(message) ? 'no runtime' : 'wrong model', message, {
      cause,
    });
  }
}

async function classify(picture: Blob): Promise<Answer> {
  if (!loaded) throw new ClassifierError('no model', 'Expected a model. Received: none yet.');
  const { session, detector } = loaded;
  const { preprocessing } = loaded.metadata;
  const upright = await blame('bad picture', async () =>
    decodePixels(new Uint8Array(await picture.arrayBuffer()), preprocessing),
  );
  const { image, faces } = await cropImage(upright, { ...preprocessing, detector });
  if (!image) throw new ClassifierError('no face', 'Expected a face. Received: a picture without one.');
  const { probabilities } = await session.run({
    pixels: tensor('uint8', image.data, [1, image.height, image.width, 3]),
  });
  return {
    probabilities: probabilities!.data as Float32Array,
    width: upright.width,
    height: upright.height,
    ...(detector ? { faces } : {}),
  };
}

/** Draws a picture no larger than `side` pixels a side. Needs no model. */
async function preview(picture: Blob, side: number): Promise<ImageBitmap> {
  const bitmap = await blame('bad picture', () => createImageBitmap(picture));
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
  const canvas = new OffscreenCanvas(width!, height!);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width!, height!);
  bitmap.close();
  return canvas.transferToImageBitmap();
}

/** Runs `action`; what it throws is laid at the door of `fault`. */
async function blame<T>(fault: Fault, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new ClassifierError(fault, messageOf(cause), { cause });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const scope = globalThis as unknown as Scope;

async function answer(request: Request): Promise<void> {
  const { id } = request;
  try {
    switch (request.type) {
      case 'load': {
        const onProgress = (progress: Progress) => scope.postMessage({ id, type: 'progress', progress });
        const metadata = await load(request.model, request.assets, onProgress);
        scope.postMessage({ id, type: 'loaded', metadata });
        break;
      }
      case 'classify':
        scope.postMessage({ id, type: 'classified', ...(await classify(request.picture)) });
        break;
      case 'preview': {
        const bitmap = await preview(request.picture, request.side);
        scope.postMessage({ id, type: 'previewed', bitmap }, [bitmap]);
      }
    }
  } catch (error) {
    const fault = error instanceof ClassifierError ? error.fault : 'failed';
    scope.postMessage({ id, type: 'failed', fault, message: messageOf(error) });
  }
}

// One after the other, so that no two large pictures are in memory at once; but a preview does not wait for the model.
let queue = Promise.resolve();
scope.addEventListener('message', ({ data }) => {
  if (data.type === 'preview') void answer(data);
  else queue = queue.then(() => answer(data));
});
