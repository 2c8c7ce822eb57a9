/** What Keras's API asks of its surroundings, in Node. `web.ts` answers the same in a page. */
export * from './node/engine.js';
export * from './node/files.js';
export * from './node/images.js';
export * from './node/threads.js';
export * from './node/weights.js';
