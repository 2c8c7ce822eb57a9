/** `keras.callbacks`. */

export { BackupAndRestore, type BackupAndRestoreOptions } from './backup-and-restore.js';
export * from './callback.js';
export { CallbackList, type CallbackListOptions } from './callback-list.js';
export { CSVLogger, type CSVLoggerOptions } from './csv-logger.js';
export { EarlyStopping, type EarlyStoppingOptions } from './early-stopping.js';
export { KeyError } from './file-path.js';
export { History } from './history.js';
export { LambdaCallback, type LambdaCallbackOptions } from './lambda-callback.js';
export { LearningRateScheduler, type LearningRateSchedulerOptions } from './learning-rate-scheduler.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint.js';
export type { Mode, MonitorOptions } from './monitor-callback.js';
export { ProgbarLogger, type ProgbarLoggerOptions } from './progbar-logger.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduce-lr-on-plateau.js';
export { TensorBoard, type TensorBoardOptions } from './tensorboard.js';
export { RuntimeError, TerminateOnNaN, type TerminateOnNaNOptions } from './terminate-on-nan.js';
