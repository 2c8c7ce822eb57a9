/** `keras.callbacks`. */
export * from './callback.js';
export { CallbackList, type CallbackListOptions } from './callback-list.js';
export { History } from './history.js';
export { ProgbarLogger, type ProgbarLoggerOptions } from './progbar-logger.js';
