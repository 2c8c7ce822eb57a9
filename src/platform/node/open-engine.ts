import type { Engine } from '../../engine/engine.js';
import { ortNode } from '../../engine/ort-node.js';

/** Plain data, so that it can be handed to a thread. */
export interface EngineOptions {
  /** `'ort'` is ONNX Runtime, `'js'` plain TypeScript. Default `'ort'`. */
  readonly engine?: 'ort' | 'js';
  /** For ONNX Runtime. Default `'auto'`: CUDA where it works, else the CPU. */
  readonly provider?: 'auto' | 'cpu' | 'cuda' | 'webgpu';
  readonly threads?: number;
}

/** @throws ProviderError when the provider that was named cannot run here */
export const openEngine = async ({ engine = 'ort', ...options }: EngineOptions = {}): Promise<Engine> =>
  engine === 'js' ? (await import('../../engine/js.js')).jsEngine() : ortNode(options);
