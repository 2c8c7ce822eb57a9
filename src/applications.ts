/** `ort-transfer/applications`: Keras's networks, and as the frozen part of a classifier. */
export {
  type Backbone,
  type BackboneOptions,
  backboneModel,
  backboneWriter,
  loadBackbone,
} from './classifier/backbone.js';
export type { Scaling } from './graph/preprocessing.js';
export * from './keras/applications/index.js';
