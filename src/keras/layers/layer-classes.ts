import { classesIn } from '../serialized.js';
import * as layers from './index.js';
import { Layer } from './layer.js';

/** The classes that `keras.layers` exports, by Keras's names. An `InputLayer` is made of its shape instead. */
export const layerClasses = new Map(
  [...classesIn(layers, Layer)].filter(([name]) => name !== layers.InputLayer.className),
);
