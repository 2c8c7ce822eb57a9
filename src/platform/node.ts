/** The door to the machine, in Node: files, threads, decoders, engines. `web.ts` answers what pages ask of it, too. */
export * from './compare-code-points.js';
export * from './download.js';
export * from './node/bitmap.js';
export * from './node/decode.js';
export { hasSharp, sharpIsMissing } from './node/decode-stored.js';
export * from './node/decoder-name.js';
export * from './node/encode.js';
export * from './node/files.js';
export * from './node/folder.js';
export { FolderError } from './node/folder-error.js';
export * from './node/open-engine.js';
export * from './node/pool/pool.js';
export { imageExtensions, isWorthTelling, type Skipped } from './node/read-folder.js';
export * from './node/read-model.js';
export * from './node/read-picture.js';
export * from './node/system-error.js';
export * from './node/threads.js';
export * from './node/weights.js';
