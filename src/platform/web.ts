/** What Keras's API asks of its surroundings, in a page. `node.ts` answers the same in Node. */

export * from './download.js';
export * from './web/files.js';
export * from './web/images.js';
export * from './web/resolve-engine.js';
export * from './web/threads.js';
export * from './web/weights.js';
