/** The worker of `Classifier`: fetches the model, decodes pictures and runs the graph, away from the page. */

import { decodeImage, readBitmap } from '#platform';
import { type ModelMetadata, readMetadata } from '../classifier/metadata.js';
import type { Engine, Session } from '../engine/engine.js';
import { ortWeb } from '../engine/ort-web.js';
import { type Tensor, tensor } from '../graph/tensor.js';
import { createFaceDetector, cropImage, type Face, type FaceDetector } from '../images/faces.js';
import { regionOf, renderHeat } from '../images/heatmap.js';
import type { Image } from '../images/image.js';
import {
  type Answer,
  ClassifierError,
  type Fault,
  type Progress,
  type Reply,
  type Request,
  type WebProvider,
} from './classifier-protocol.js';
import { download } from './kept-download.js';

interface Scope {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

let loaded:
  | { readonly session: Session; readonly metadata: ModelMetadata; readonly detector?: FaceDetector }
  | undefined;

async function load(
  { model, assets, provider }: Extract<Request, { type: 'load' }>,
  onProgress: (progress: Progress) => void,
): Promise<{ metadata: ModelMetadata; provider: WebProvider }> {
  const bytes =
    typeof model === 'string'
      ? await download(model, { onProgress, keep: true })
      : new Uint8Array(await model.arrayBuffer());
  const metadata = await blame('wrong model', () => readMetadata(bytes));
  const onGpu = provider === 'webgpu' ? await openOnGpu(bytes, assets) : undefined;
  const { engine, session } = onGpu ?? (await openOnWasm(bytes, assets));
  if (metadata.preprocessing.crop === 'face') {
    const faces = await download(new URL('face-detector.onnx', assets).href, { keep: true });
    // On the graphics card its coordinates would differ a little, and so would what is cut out.
    const onWasm = onGpu ? await wasmEngine(assets) : engine;
    loaded = { session, metadata, detector: await start(() => createFaceDetector(onWasm, faces)) };
  } else loaded = { session, metadata };
  return { metadata, provider: onGpu ? 'webgpu' : 'wasm' };
}

interface Opened {
  readonly engine: Engine;
  readonly session: Session;
}

async function openOnWasm(model: Uint8Array, assets: string): Promise<Opened> {
  const engine = await wasmEngine(assets);
  return { engine, session: await start(() => engine.load(model)) };
}

/** Undefined where the model does not run on the graphics card, for whatever reason. */
async function openOnGpu(model: Uint8Array, assets: string): Promise<Opened | undefined> {
  try {
    const wasmPaths = runtimePaths('ort-wasm-simd-threaded.asyncify', assets);
    const engine = await ortWeb({ provider: 'webgpu', wasmPaths });
    const session = await engine.load(model);
    // Kernels are compiled by the first run, and may fail only then.
    await session.run({ pixels: tensor('uint8', new Uint8Array(32 * 32 * 3), [1, 32, 32, 3]) });
    return { engine, session };
  } catch {
    return undefined;
  }
}

const wasmEngine = (assets: string): Promise<Engine> =>
  ortWeb({ wasmPaths: runtimePaths('ort-wasm-simd-threaded', assets) });

const runtimePaths = (name: string, assets: string) => ({
  mjs: new URL(`${name}.mjs`, assets).href,
  wasm: new URL(`${name}.wasm`, assets).href,
});

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

async function classify({ picture, explain }: Extract<Request, { type: 'classify' }>): Promise<Answer> {
  if (!loaded) throw new ClassifierError('no model', 'Expected a model. Received: none yet.');
  const { session, detector } = loaded;
  const { preprocessing } = loaded.metadata;
  const upright = await blame('bad picture', async () =>
    picture instanceof Blob
      ? decodeImage(new Uint8Array(await picture.arrayBuffer()), { exif: preprocessing.exif })
      : takePixels(picture),
  );
  const { image, faces } = await cropImage(upright, { ...preprocessing, detector });
  if (!image) throw new ClassifierError('no face', 'Expected a face. Received: a picture without one.');
  const { probabilities, heatmap } = await session.run({
    pixels: tensor('uint8', image.data, [1, image.height, image.width, 3]),
  });
  return {
    probabilities: probabilities!.data as Float32Array,
    width: upright.width,
    height: upright.height,
    ...(detector ? { faces } : {}),
    ...(explain && heatmap ? { heat: drawHeat(heatmap, upright, preprocessing.crop, faces[0]) } : {}),
  };
}

/** As large as heat is drawn: it is blurred anyway. */
const heatSide = 256;

function drawHeat(
  { data, dims }: Tensor,
  picture: Image,
  crop: ModelMetadata['preprocessing']['crop'],
  face: Face | undefined,
): ImageData {
  const [, height, width] = dims as [number, number, number];
  const region = regionOf(picture, crop, face ?? null);
  const heatmap = { width, height, data: data as Float32Array, region };
  const layer = renderHeat([heatmap], picture, fitWithin(picture, heatSide));
  return new ImageData(new Uint8ClampedArray(layer.data), layer.width, layer.height);
}

/** A picture's size, made smaller in proportion where a side is longer than `side`. */
function fitWithin({ width, height }: Pick<Image, 'width' | 'height'>, side: number) {
  const scale = Math.min(1, side / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

function takePixels(bitmap: ImageBitmap): Image {
  const image = readBitmap(bitmap);
  bitmap.close();
  return image;
}

/** Draws a picture no larger than `side` pixels a side. Needs no model. */
async function preview(picture: Blob, side: number): Promise<ImageBitmap> {
  const bitmap = await blame('bad picture', () => createImageBitmap(picture));
  const { width, height } = fitWithin(bitmap, side);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
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
        scope.postMessage({ id, type: 'loaded', ...(await load(request, onProgress)) });
        break;
      }
      case 'classify':
        scope.postMessage({ id, type: 'classified', ...(await classify(request)) });
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
