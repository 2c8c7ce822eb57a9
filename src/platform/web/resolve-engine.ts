import type { Engine } from '../../engine/engine.js';
import { jsEngine } from '../../engine/js.js';
import { ortWeb } from '../../engine/ort-web.js';

/** The engine of this name: onnxruntime-web's WebAssembly, or plain TypeScript. */
export const resolveEngine = async (choice: 'ort' | 'js' | Engine): Promise<Engine> =>
  choice === 'js' ? jsEngine() : choice === 'ort' ? ortWeb() : choice;
