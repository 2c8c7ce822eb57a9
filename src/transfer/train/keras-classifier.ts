import { exportClassifier } from '../../classifier/write-classifier.js';
import { ValueError } from '../../errors.js';
import { Dense } from '../../keras/layers/dense.js';
import { Input } from '../../keras/layers/input.js';
import type { Model } from '../../keras/models/model.js';
import { Sequential } from '../../keras/models/sequential.js';
import { type ImportedModel, importOnnx } from '../convert/onnx-to-layers.js';
import type { Preparation } from '../features/preparation.js';

/**
 * Finds out before the long work begins whether Keras has layers for all that a backbone does.
 *
 * @throws ValueError that names the operation that it has none for
 */
export function checkKerasHasLayers(preparation: Preparation, labels: readonly string[]): void {
  const { features } = preparation.backbone;
  // With names and weights of its own it takes none of those that the head is to have.
  const dense = new Dense({ units: labels.length, kernelInitializer: 'zeros', name: 'check_dense' });
  const head = new Sequential([Input({ shape: [features], name: 'check_input' }), dense], { name: 'check' });
  try {
    importOnnx(exportClassifier({ head, preparation, labels, evaluation: null }));
  } catch (cause) {
    const problem = (cause as Error).message.replace(/ Hint: .*/, '');
    throw new ValueError(`${problem} Hint: let --out end in .onnx, or name a folder.`, { cause });
  }
}

/**
 * A trained classifier as one Keras model, so that training goes on in Keras: the layers of the backbone frozen, then
 * those of the head, compiled as the head was, with the optimizer's state.
 *
 * @param bytes the classifier as ONNX
 * @param head the dense layers at its end, which were trained
 */
export function toKerasClassifier(bytes: Uint8Array, head: Model): ImportedModel {
  const imported = importOnnx(bytes);
  const { layers } = imported.model;
  const trained = layers.filter((layer) => layer instanceof Dense).slice(-head.layers.length);
  for (const layer of layers) layer.trainable = trained.includes(layer as Dense);
  const { optimizer, loss, metrics } = head.compilation!;
  for (const [i, weight] of head.trainableWeights.entries())
    for (const slot of optimizer.slots(weight))
      optimizer.setSlot(imported.model.trainableWeights[i]!, slot, optimizer.slot(weight, slot));
  imported.model.compile({ optimizer, loss, metrics });
  return imported;
}
