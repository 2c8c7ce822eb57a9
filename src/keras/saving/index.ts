export { modelFromJson } from './deserialize.js';
export type { LoadWeightsOptions } from './legacy-h5.js';
export { decodeKerasModel, type LoadModelOptions, loadModel } from './load.js';
export {
  encodeKerasModel,
  encodeWeights,
  loadWeights,
  loadWeightsFrom,
  saveModel,
  saveWeights,
} from './save.js';
export { modelToJson } from './serialize.js';
export { decodeTfjsModel, tfjsWeightFiles } from './tfjs-layers.js';
