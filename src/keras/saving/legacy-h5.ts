import type { Tensor } from '../../graph/tensor.js';
import { type Layer, ValueError } from '../layers/layer.js';
import { pythonTuple } from '../layers/window.js';
import type { Functional } from '../models/functional.js';
import type { Variable } from '../variable.js';
import { Hdf5FormatError, type Hdf5Group } from './hdf5.js';

/**
 * The group that holds the weights of a Keras 1 or 2 file, be it one of weights or a whole model.
 *
 * @throws Hdf5FormatError when the file is of another kind
 */
export function legacyWeights(root: Hdf5Group): Hdf5Group {
  const hasLayers = (group: Hdf5Group) => group.strings('layer_names').length > 0;
  if (hasLayers(root)) return root;
  if (root.has('model_weights') && hasLayers(root.group('model_weights'))) return root.group('model_weights');
  throw new Hdf5FormatError(
    `Expected the weights of a Keras model, with 'layer_names'. Received: an HDF5 file of ${root.names.join(', ') || 'nothing'}.`,
  );
}

/** The weights of a layer, in the order in which such files list them: what can be trained comes first. */
export const legacyOrder = (layer: Layer): Variable[] => [
  ...layer.trainableWeights,
  ...layer.nonTrainableWeights,
];

/**
 * Loads weights in the order of the layers, whatever they are called, as Keras does.
 *
 * Nothing is changed unless everything fits.
 *
 * @param group see `legacyWeights`
 * @throws ValueError that names the layer, in Keras's words
 * Source: keras.src.legacy.saving.legacy_h5_format.load_weights_from_hdf5_group
 */
export function loadLegacyWeights(group: Hdf5Group, model: Functional): void {
  const layers = model.layers.filter((layer) => layer.weights.length > 0);
  const saved = group
    .strings('layer_names')
    .map((name) => ({ name, weightNames: group.group(name).strings('weight_names') }))
    .filter(({ weightNames }) => weightNames.length > 0);
  if (saved.length !== layers.length)
    throw new ValueError(
      `Layer count mismatch when loading weights from file. Model expected ${layers.length} layers, found ${saved.length} saved layers.`,
    );

  const assignments: [Variable, Float32Array][] = [];
  for (const [k, layer] of layers.entries()) {
    const { name, weightNames } = saved[k]!;
    const variables = legacyOrder(layer);
    if (weightNames.length !== variables.length)
      throw new ValueError(
        `Weight count mismatch for layer #${k} (named ${layer.name} in the current model, ${name} in the save file). Layer expects ${variables.length} weight(s). Received ${weightNames.length} saved weight(s)`,
      );
    for (const [i, variable] of variables.entries()) {
      const value = group.group(name).tensor(weightNames[i]!);
      if (!sameShape(value.dims, variable.shape))
        throw new ValueError(
          `Shape mismatch in layer #${k} (named ${layer.name}) for weight ${layer.name}/${variable.name}. Weight expects shape ${pythonTuple(variable.shape)}. Received saved weight with shape ${pythonTuple(value.dims)}`,
        );
      assignments.push([variable, toFloats(value)]);
    }
  }
  for (const [variable, value] of assignments) variable.assign(value);
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i]);

const toFloats = ({ data }: Tensor): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);
