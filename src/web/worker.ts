/** The worker of `Classifier`: fetches the model, decodes pictures and runs the graph, away from the page. */
import type { Engine, Session } from '../engine/engine.js';
import { ortWeb } from '../engine/ort-web.js';
import { type ModelMetadata, readMetadata } from '../graph/metadata.js';
import { tensor } from '../graph/tensor.js';
import { download } from './download.js';
import { decodePixels } from './pixels.js';
import { ClassifierError, type Fault, type Progress, type Reply, type Request } from './protocol.js';

interface Scope {
  postMessage(reply: Reply): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

let loaded: { readonly session: Session; readonly metadata: ModelMetadata } | undefined;

async function load(
  model: string,
  runtime: string,
  onProgress: (progress: Progress) => void,
): Promise<ModelMetadata> {
  const bytes = await download(model, onProgress);
  const metadata = await blame('wrong model', () => readMetadata(bytes));
  if (metadata.preprocessing.crop !== 'none')
    throw new ClassifierError(
      'wrong model',
      `Expected a model that reads whole pictures. Received: one with crop '${metadata.preprocessing.crop}'.`,
    );
  const engine = await ortWeb({
    wasmPaths: {
      mjs: new URL('ort-wasm-simd-threaded.mjs', runtime).href,
      wasm: new URL('ort-wasm-simd-threaded.wasm', runtime).href,
    },
  });
  loaded = { session: await startSession(engine, bytes), metadata };
  return metadata;
}

async function startSession(engine: Engine, model: Uint8Array): Promise<Session> {
  try {
    return await engine.load(model);
  } catch (cause) {
    // ONNX Runtime starts with its first session, and says so when it was that which failed.
    const message = messageOf(cause);
    throw new ClassifierError(/no available backend/i.test(message) ? 'no runtime' : 'wrong model', message, {
      cause,
    });
  }
}

/** @returns probabilities (C), in the order of the labels */
async function classify(picture: Blob): Promise<Float32Array> {
  if (!loaded) throw new ClassifierError('no model', 'Expected a model. Received: none yet.');
  const { session, metadata } = loaded;
  const { width, height, data } = await blame('bad picture', async () =>
    decodePixels(new Uint8Array(await picture.arrayBuffer()), metadata.preprocessing),
  );
  const { probabilities } = await session.run({ pixels: tensor('uint8', data, [1, height, width, 3]) });
  return probabilities!.data as Float32Array;
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
    if (request.type === 'load') {
      const onProgress = (progress: Progress) => scope.postMessage({ id, type: 'progress', progress });
      const metadata = await load(request.model, request.runtime, onProgress);
      scope.postMessage({ id, type: 'loaded', metadata });
    } else {
      scope.postMessage({ id, type: 'classified', probabilities: await classify(request.picture) });
    }
  } catch (error) {
    const fault = error instanceof ClassifierError ? error.fault : 'failed';
    scope.postMessage({ id, type: 'failed', fault, message: messageOf(error) });
  }
}

// One request after the other, so that no two large pictures are in memory at once.
let queue = Promise.resolve();
scope.addEventListener('message', ({ data }) => {
  queue = queue.then(() => answer(data));
});
