/** The door to the machine, in a page: decoders, downloads, engines. `node.ts` answers under the same names in Node. */

export * from './compare-code-points.js';
export * from './download.js';
export { readBitmap } from './web/bitmap.js';
export * from './web/decode.js';
export * from './web/encode.js';
export * from './web/file-stamp.js';
export * from './web/files.js';
export * from './web/open-engine.js';
export * from './web/threads.js';
export * from './web/weights.js';
