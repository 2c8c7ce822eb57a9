import type { Engine } from './engine.js';
import { ProviderError, reasonOf, wrapSession } from './ort.js';

export interface OrtWebOptions {
  /** `'webgpu'` loads ONNX Runtime's larger build. Default `'wasm'`. */
  provider?: 'wasm' | 'webgpu';
  /**
   * Where ONNX Runtime's files are served: a URL prefix, or the URL of each. They must come from the same build as
   * the package, best from the page's own origin. Default: beside the script.
   */
  wasmPaths?: string | { mjs?: string | URL; wasm?: string | URL };
  /** Default: half of the processors, 4 at most. One where the page is not cross-origin isolated. */
  threads?: number;
}

/**
 * Runs graphs in onnxruntime-web, in a page, in a worker, or in Node.
 *
 * WebAssembly threads need shared memory, which browsers grant to pages served with
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`; other pages run on one
 * thread.
 *
 * ONNX Runtime keeps one WebAssembly instance to a page, so `wasmPaths` and `threads` of the first call hold.
 *
 * @throws ProviderError when WebGPU is asked for and the browser has none.
 */
export async function ortWeb({ provider = 'wasm', wasmPaths, threads }: OrtWebOptions = {}): Promise<Engine> {
  if (provider === 'webgpu') await requireWebGpu();
  const ort = await (provider === 'webgpu'
    ? import('onnxruntime-web/webgpu')
    : import('onnxruntime-web/wasm'));
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  ort.env.logLevel = 'error';
  const isolated = globalThis.crossOriginIsolated === true;
  if (!isolated) ort.env.wasm.numThreads = 1;
  else if (threads !== undefined) ort.env.wasm.numThreads = threads;
  return {
    name: 'ort',
    provider,
    load: (model) =>
      inTurn(async () => {
        const session = wrapSession(
          await ort.InferenceSession.create(model, {
            executionProviders: provider === 'webgpu' ? ['webgpu', 'wasm'] : ['wasm'],
            logSeverityLevel: 4,
          }),
          ort.Tensor,
        );
        return {
          ...session,
          run: (feeds) => inTurn(() => session.run(feeds)),
          release: () => inTurn(() => session.release()),
        };
      }),
  };
}

/** The last task of the page's one WebAssembly instance. */
let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs tasks one after the other. onnxruntime-web keeps values on the WebAssembly stack while it awaits, and a second
 * call in the meantime overwrites them ("output name cannot be empty").
 */
function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const result = previous.then(task);
  previous = result.catch(() => {});
  return result;
}

async function requireWebGpu(): Promise<void> {
  const hint = "choose provider 'wasm', which every browser runs";
  const { gpu } = (globalThis.navigator ?? {}) as { gpu?: { requestAdapter(): Promise<unknown> } };
  if (!gpu) throw new ProviderError('webgpu', 'this browser has no WebGPU', hint);
  let reason = 'no graphics adapter';
  try {
    if (await gpu.requestAdapter()) return;
  } catch (error) {
    reason = reasonOf(error);
  }
  throw new ProviderError('webgpu', reason, hint);
}
