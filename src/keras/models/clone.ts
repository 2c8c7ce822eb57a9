import { modelFromConfig as fromSerialized } from '../saving/deserialize.js';
import { serializeLayer } from '../saving/serialize.js';
import type { Config } from '../serialized.js';
import type { Model } from './model.js';

/**
 * Makes a model of what `model.getConfig()` returned, with new weights: Keras's `Model.from_config` and
 * `Sequential.from_config`.
 *
 * @throws ValueError that names the layer that cannot be made
 */
export const modelFromConfig = (config: Config): Model =>
  fromSerialized({ class_name: 'input_layers' in config ? 'Functional' : 'Sequential', config });

/** The same layers under the same names, with new weights and not compiled: `keras.models.clone_model`. */
export const cloneModel = (model: Model): Model => fromSerialized(serializeLayer(model));
