import type { Engine } from '../../engine/engine.js';
import { ortWeb } from '../../engine/ort-web.js';

/** Opens an engine by name: `'ort'` is onnxruntime-web's WebAssembly, `'js'` plain TypeScript. Default `'ort'`. */
export const openEngine = async ({ engine = 'ort' }: { engine?: Engine['name'] } = {}): Promise<Engine> =>
  engine === 'js' ? (await import('../../engine/js.js')).jsEngine() : ortWeb();
