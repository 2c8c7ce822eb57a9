import type { Engine } from '../../engine/engine.js';
import { jsEngine } from '../../engine/js.js';
import { ortNode } from '../../engine/ort-node.js';

/** The engine of this name: ONNX Runtime on the fastest provider that works, or plain TypeScript. */
export const resolveEngine = async (choice: 'ort' | 'js' | Engine): Promise<Engine> =>
  choice === 'js' ? jsEngine() : choice === 'ort' ? ortNode() : choice;
