export type { InputShape } from './architecture.js';
export type { ApplicationOptions } from './build-application.js';
export type { DecodedPrediction, DecodePredictionsOptions } from './decode-predictions.js';
export { decodePredictions } from './decode-predictions.js';
export * as mobilenet from './mobilenet.js';
export { MobileNet, type MobileNetOptions } from './mobilenet.js';
export * as mobilenetV2 from './mobilenet-v2.js';
export { MobileNetV2, type MobileNetV2Options } from './mobilenet-v2.js';
export * as vggface2 from './vggface2.js';
