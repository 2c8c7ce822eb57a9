import type { Tensor } from '../graph/tensor.js';

/** Tensors by the name of the graph's input or output. */
export type Tensors = Record<string, Tensor>;

/** A model that is loaded and ready to run. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the graph once. `feeds` names every input. */
  run(feeds: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

interface SessionOptions {
  /** Threads within one operation. Default: as many as there are physical cores. */
  threads?: number;
}

/** Runs ONNX graphs. */
export interface Engine {
  /** `'ort'` is ONNX Runtime, `'js'` the plain TypeScript executor. */
  readonly name: 'ort' | 'js';
  /** The execution provider that really runs: `'cpu'`, `'cuda'`, `'webgpu'`, `'wasm'`. */
  readonly provider: string;
  load(model: Uint8Array, options?: SessionOptions): Promise<Session>;
}
