import { ValueError } from '../../errors.js';
import { GlobalAveragePooling2D } from '../../keras/layers/global-pooling2d.js';
import { Model } from '../../keras/models/model.js';
import { importBackbone } from '../convert/onnx-to-layers.js';
import type { Preparation } from '../features/preparation.js';

/** Names that the head's layers have. */
const headLayers = /^dense(_\d+)?$/;

/**
 * The backbone as Keras's layers, frozen: prepared pictures (N, height, width, 3) → embedding (N, D).
 *
 * @throws ValueError that names the operation of an ONNX model that Keras has no layer for
 */
export function backboneLayers({ backbone, backboneModel }: Preparation): Model {
  const model = 'model' in backbone ? pooled(backbone.model) : readLayers(backboneModel, backbone.size);
  model.trainable = false;
  return model;
}

function pooled({ inputs, outputTensor }: Model): Model {
  const pooling = new GlobalAveragePooling2D({ name: 'global_average_pooling2d' });
  return new Model({ inputs, outputs: pooling.apply(outputTensor), name: 'backbone' });
}

function readLayers(backbone: Uint8Array, size: readonly [number, number]): Model {
  try {
    return importBackbone(backbone, { size, reserved: headLayers });
  } catch (cause) {
    const problem = (cause as Error).message.replace(/ Hint: .*/, '');
    throw new ValueError(`${problem} Hint: let \`out\` end in .onnx, or name a folder.`, { cause });
  }
}

/**
 * A trained classifier as one Keras model, so that training goes on in Keras: the layers of the backbone, frozen, then
 * those of the head, compiled as the head is, with the optimizer's state.
 */
export function toKerasClassifier(backbone: Model, head: Model): Model {
  let output = backbone.outputTensor;
  for (const layer of head.layers) output = layer.apply(output);
  const model = new Model({ inputs: backbone.inputs, outputs: output, name: 'classifier' });
  if (head.compilation) model.compile(head.compilation);
  return model;
}
