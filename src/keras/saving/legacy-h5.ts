/**
 * Files of Keras 1 and 2, which Keras 3 still writes for `.h5`: weights by layer, with or without the model. Files
 * that are written here are Keras 2's.
 *
 * Source: keras.src.legacy.saving.legacy_h5_format
 */
import { ValueError } from '../../errors.js';
import { classOf, type Layer } from '../layers/layer.js';
import { Functional } from '../models/functional.js';
import { pythonTuple } from '../python/format.js';
import type { Variable } from '../variable.js';
import { zip } from '../zip.js';
import { Hdf5FormatError, type Hdf5Group, type Hdf5Writer } from './hdf5.js';
import { sameShape, toFloats, toTensor } from './values.js';

export interface LoadWeightsOptions {
  /** Goes by the names of layers rather than their order, and leaves layers alone that the file lacks. Default `false`. */
  readonly byName?: boolean;
  /** Warns of layers whose weights do not fit, and leaves them alone. Default `false`. */
  readonly skipMismatch?: boolean;
  /** Default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/**
 * The group that holds the weights of a Keras 1 or 2 file, be it one of weights or a whole model.
 *
 * @throws Hdf5FormatError when the file is of another kind
 */
export function legacyWeights(root: Hdf5Group): Hdf5Group {
  if (hasLayers(root)) return root;
  if (root.has('model_weights') && hasLayers(root.group('model_weights'))) return root.group('model_weights');
  throw new Hdf5FormatError(
    `Expected the weights of a Keras model, with 'layer_names'. Received: an HDF5 file of ${root.names.join(', ') || 'nothing'}.`,
  );
}

const hasLayers = (group: Hdf5Group): boolean => group.strings('layer_names').length > 0;

/** The weights of a layer, in the order in which such files list them: trainable ones first. */
const legacyOrder = (layer: Layer): Variable[] => [...layer.trainableWeights, ...layer.nonTrainableWeights];

/** Keras 2's name of a weight within its layer: `depthwise_kernel`. */
export const formerWeightName = (layer: Layer, { name }: Variable): string =>
  classOf(layer).formerWeights[name] ?? name;

/** Keras 2's name of every weight of a model: `dense/kernel:0`. */
export function weightNames(model: Functional): Map<Variable, string> {
  const names = new Map<Variable, string>();
  const taken = new Set<string>();
  const visit = (layer: Layer) => {
    if (layer instanceof Functional) layer.layers.forEach(visit);
    else
      for (const weight of layer.weights) {
        if (names.has(weight)) continue;
        const own = formerWeightName(layer, weight);
        let name = `${layer.name}/${own}:0`;
        for (let count = 1; taken.has(name); count++) name = `${layer.name}_${count}/${own}:0`;
        taken.add(name);
        names.set(weight, name);
      }
  };
  visit(model);
  return names;
}

/** The version of Keras that lays such files out so. */
export const legacyVersion = '2.21.0';

/** Writes the weights of every layer of a model. */
export function writeLegacyWeights(group: Hdf5Writer, model: Functional): void {
  const names = weightNames(model);
  group.strings(
    'layer_names',
    model.layers.map(({ name }) => name),
  );
  group.attribute('backend', 'tensorflow');
  group.attribute('keras_version', legacyVersion);
  for (const layer of model.layers) {
    const weights = legacyOrder(layer).map((weight) => ({ weight, name: names.get(weight) ?? weight.name }));
    const place = group.group(layer.name);
    place.strings(
      'weight_names',
      weights.map(({ name }) => name),
    );
    for (const { weight, name } of weights) place.tensor(name, toTensor(weight));
  }
  group.group('top_level_model_weights').strings('weight_names', []);
}

interface SavedLayer {
  readonly name: string;
  readonly weightNames: readonly string[];
}

/**
 * Loads weights in the order of the layers, whatever they are called, or by their names, as Keras does.
 *
 * Nothing is changed unless everything fits.
 *
 * @param group see `legacyWeights`
 * @throws ValueError that names the layer, in Keras's words
 */
export function loadLegacyWeights(
  group: Hdf5Group,
  model: Functional,
  options: LoadWeightsOptions = {},
): void {
  const { byName = false, skipMismatch = false, warn = console.warn } = options;
  const saved = group
    .strings('layer_names')
    .map((name): SavedLayer => ({ name, weightNames: group.group(name).strings('weight_names') }));
  const pairs = byName ? pairByName(saved, model) : pairByOrder(saved, model);

  const assignments: [Variable, Float32Array][] = [];
  for (const { k, layer, source } of pairs) {
    const variables = legacyOrder(layer);
    const mismatch = (problem: string) => {
      if (!skipMismatch) throw new ValueError(problem);
      warn(`Skipping loading of weights. ${problem}`);
    };
    if (source.weightNames.length !== variables.length) {
      mismatch(
        `Weight count mismatch for layer #${k} (named ${layer.name}${byName ? '' : ` in the current model, ${source.name} in the save file`}). Layer expects ${variables.length} weight(s). Received ${source.weightNames.length} saved weight(s)`,
      );
      continue;
    }
    for (const [variable, weightName] of zip(variables, source.weightNames)) {
      const value = group.group(source.name).tensor(weightName);
      if (sameShape(value.dims, variable.shape)) assignments.push([variable, toFloats(value)]);
      else
        mismatch(
          `Shape mismatch in layer #${k} (named ${layer.name}) for weight ${layer.name}/${variable.name}. Weight expects shape ${pythonTuple(variable.shape)}. Received saved weight with shape ${pythonTuple(value.dims)}`,
        );
    }
  }
  for (const [variable, value] of assignments) variable.assign(value);
}

/** Layers with weights, in the model and in the file, one by one. */
function pairByOrder(all: readonly SavedLayer[], model: Functional) {
  const layers = model.layers.filter((layer) => layer.weights.length > 0);
  const saved = all.filter(({ weightNames }) => weightNames.length > 0);
  if (saved.length !== layers.length)
    throw new ValueError(
      `Layer count mismatch when loading weights from file. Model expected ${layers.length} layers, found ${saved.length} saved layers.`,
    );
  return zip(layers, saved).map(([layer, source], k) => ({ k, layer, source }));
}

const pairByName = (saved: readonly SavedLayer[], model: Functional) =>
  saved.flatMap((source, k) =>
    model.layers.filter(({ name }) => name === source.name).map((layer) => ({ k, layer, source })),
  );

/** Says that training starts with fresh slots. */
export const warnOfOptimizer = (name: string, problem: string, warn: (message: string) => void): void =>
  warn(
    `Skipping variable loading for optimizer '${name}', because ${problem}. Training goes on with a fresh optimizer.`,
  );
