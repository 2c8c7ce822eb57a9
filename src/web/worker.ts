/** The worker of `Classifier`: fetches the model, decodes pictures and runs the graph, away from the page. */

import { decodeImage, readBitmap, sha256 } from '#platform';
import { checkClassifier } from '../classifier/check-classifier.js';
import { Classifier } from '../classifier/classify.js';
import { MetadataError } from '../classifier/metadata.js';
import type { Engine, Session } from '../engine/engine.js';
import { ortWeb } from '../engine/ort-web.js';
import { OnnxFormatError } from '../graph/onnx-format-error.js';
import { checkSeal } from '../graph/seal.js';
import { tensor } from '../graph/tensor.js';
import { type Heatmap, renderHeat } from '../images/heatmap.js';
import { type Image, ImageError } from '../images/image.js';
import { NoFaceError } from '../images/no-face-error.js';
import {
  type Answer,
  type ClassifierCalls,
  ClassifierError,
  type ClassifyQuestion,
  type Fault,
  type Loaded,
  type LoadQuestion,
  type Progress,
} from './classifier-protocol.js';
import { download } from './kept-download.js';
import { answerCalls } from './rpc.js';

let loaded: Classifier | undefined;

async function load(
  { model, assets, provider }: LoadQuestion,
  tell: (progress: Progress) => void,
): Promise<Loaded> {
  const read = async (file: Uint8Array<ArrayBuffer>) => ({
    bytes: file,
    metadata: await checkClassifier(file),
  });
  const { bytes, metadata } =
    typeof model === 'string'
      ? await download(model, { onProgress: tell, keep: true, read })
      : await read(new Uint8Array(await model.arrayBuffer()));
  const onGpu = provider === 'webgpu' ? await openOnGpu(bytes, assets) : undefined;
  const { engine, session } = onGpu ?? (await openOnWasm(bytes, assets));
  const openDetector = async () => {
    // On the graphics card its coordinates would differ a little, and so would the cut.
    const onWasm = onGpu ? await wasmEngine(assets) : engine;
    // Pages whose model looks at whole pictures do not load it.
    const { createFaceDetector } = await import('../images/faces/detector.js');
    return download(new URL('face-detector.onnx', assets).href, {
      keep: true,
      read: async (faces) => {
        await checkSeal(faces, sha256);
        return start(() => createFaceDetector(onWasm, faces), assets);
      },
    });
  };
  const detector = metadata.preprocessing.crop === 'face' ? await openDetector() : null;
  loaded = new Classifier({ metadata, session, detector, decode });
  return { metadata, provider: onGpu ? 'webgpu' : 'wasm' };
}

interface Opened {
  readonly engine: Engine;
  readonly session: Session;
}

async function openOnWasm(model: Uint8Array, assets: string): Promise<Opened> {
  const engine = await wasmEngine(assets);
  return { engine, session: await start(() => engine.load(model), assets) };
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

/** Starts a session. ONNX Runtime starts with the first one, and says so when its own start fails. */
async function start<T>(create: () => Promise<T>, assets: string): Promise<T> {
  try {
    return await create();
  } catch (cause) {
    const message = messageOf(cause);
    if (/no available backend/i.test(message))
      throw new ClassifierError('no runtime', (await diagnose(assets)) ?? message, { cause });
    throw new OnnxFormatError(
      `Expected an undamaged model. Received: one that does not load: ${message.split('\n', 1).join('')}`,
      { cause },
    );
  }
}

/** Why ONNX Runtime did not start, as far as can be seen. */
async function diagnose(assets: string): Promise<string | undefined> {
  try {
    const { diagnoseRuntime } = await import('./diagnose-runtime.js');
    return await diagnoseRuntime(runtimePaths('ort-wasm-simd-threaded', assets));
  } catch {
    // The server does not even send the script that looks.
    return undefined;
  }
}

const decode: typeof decodeImage = (file, options) => blame('bad picture', () => decodeImage(file, options));

async function classify({ picture, explain }: ClassifyQuestion): Promise<Answer> {
  if (!loaded) throw new ClassifierError('no model', 'Expected a model. Received: none yet.');
  const source = await blame('bad picture', async () =>
    picture instanceof Blob ? new Uint8Array(await picture.arrayBuffer()) : takePixels(picture),
  );
  const { image, faces, results } = await loaded.classify(source);
  const [{ probabilities, heatmap, stranger }] = results;
  return {
    probabilities,
    width: image.width,
    height: image.height,
    ...(loaded.detector ? { faces } : {}),
    ...(stranger ? { stranger } : {}),
    ...(explain && heatmap ? { heat: drawHeat(heatmap, image) } : {}),
  };
}

/** As large as heat is drawn: it is blurred anyway. */
const heatSide = 256;

function drawHeat(heatmap: Heatmap, picture: Image): ImageData {
  const { data, width, height } = renderHeat([heatmap], picture, fitWithin(picture, heatSide));
  return new ImageData(new Uint8ClampedArray(data), width, height);
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

async function preview({ picture, side }: { picture: Blob; side: number }): Promise<ImageBitmap> {
  const bitmap = await blame('bad picture', () => createImageBitmap(picture));
  const { width, height } = fitWithin(bitmap, side);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new ClassifierError('failed', 'Expected a canvas to draw on. Received: none.');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return canvas.transferToImageBitmap();
}

/** Runs `action`, and lays its errors at the door of `fault`. */
async function blame<T>(fault: Fault, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new ClassifierError(fault, messageOf(cause), { cause });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function faultOf(error: unknown): Fault {
  if (error instanceof ClassifierError) return error.fault;
  if (error instanceof NoFaceError) return 'no face';
  if (error instanceof ImageError) return 'bad picture';
  return error instanceof MetadataError || error instanceof OnnxFormatError ? 'wrong model' : 'failed';
}

answerCalls<ClassifierCalls>(
  { load, classify, preview },
  // A preview does not wait for the model.
  { faultOf, atOnce: ['preview'], transfer: { preview: (bitmap) => [bitmap] } },
);
