import type { Engine } from '../../engine/engine.js';
import { ortNode } from '../../engine/ort-node.js';

/** The engine of one thread among several: it keeps to one core, and loads no more than it needs. */
export const threadEngine = async (name: Engine['name']): Promise<Engine> =>
  name === 'js' ? (await import('../../engine/js.js')).jsEngine() : ortNode({ provider: 'cpu', threads: 1 });
