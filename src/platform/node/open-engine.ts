import type { Engine } from '../../engine/engine.js';
import { ortNode } from '../../engine/ort-node.js';
import { named, refuseOthers } from '../../named-options.js';

/** Which engine to open. Plain data, so that it can be handed to a thread. */
export interface EngineOptions {
  /** `'ort'` is ONNX Runtime, `'js'` plain TypeScript. Default `'ort'`. */
  readonly engine?: Engine['name'];
  /** For ONNX Runtime. Default `'auto'`: CUDA where it works, else the CPU. */
  readonly provider?: 'auto' | 'cpu' | 'cuda' | 'webgpu';
  /** For ONNX Runtime, the threads within one operation. Default: as many as there are physical cores. */
  readonly threads?: number;
}

/**
 * Opens an engine, loading no other. One thread among several opens its own with `provider: 'cpu', threads: 1`.
 *
 * @throws ProviderError when the provider that was named cannot run here
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { engine = 'ort', provider, threads, ...others } = named(options, 'openEngine');
  refuseOthers(others, 'openEngine', openEngine);
  return engine === 'js' ? (await import('../../engine/js.js')).jsEngine() : ortNode({ provider, threads });
}
