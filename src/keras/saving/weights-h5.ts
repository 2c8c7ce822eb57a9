/**
 * Weights as Keras 3 stores them: `layers/<class>_<n>/vars/<i>`, nested as the model is, and `optimizer/vars/<i>`.
 *
 * Source: keras.src.saving.saving_lib
 */
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../graph/tensor.js';
import type { Layer } from '../layers/layer.js';
import type { CompiledModel } from '../models/compilation.js';
import { Functional } from '../models/functional.js';
import { toSnakeCase } from '../naming.js';
import { pythonTuple } from '../python/format.js';
import type { Variable } from '../variable.js';
import { zip } from '../zip.js';
import type { Hdf5Group, Hdf5Writer } from './hdf5.js';
import { type LoadWeightsOptions, warnOfOptimizer } from './legacy-h5.js';
import { optimizerValues, restoreOptimizer } from './optimizer-state.js';
import { sameShape, toFloats, toTensor } from './values.js';

/** A layer with the place of its own weights in a file. */
interface Place {
  readonly layer: Layer;
  readonly path: string;
}

/** Keras's names for the list of a model's layers: lately, and in Keras 2.12. */
const containers = ['layers', '_layer_checkpoint_dependencies'];

/** The model, its layers, and theirs, each once. */
function* places(model: Functional, container: string, path = '', seen = new Set<Layer>()): Generator<Place> {
  seen.add(model);
  yield { layer: model, path };
  const counts = new Map<string, number>();
  for (const layer of model.layers) {
    const base = toSnakeCase(layer.className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    if (seen.has(layer)) continue;
    const inner = `${path}${container}/${count === 0 ? base : `${base}_${count}`}/`;
    if (layer instanceof Functional) yield* places(layer, container, inner, seen);
    else {
      seen.add(layer);
      yield { layer, path: inner };
    }
  }
}

/** A layer's own weights: trainable ones first, whether or not the layer is frozen. */
const ownWeights = (layer: Layer): Variable[] =>
  layer instanceof Functional
    ? []
    : [
        ...layer.weights.filter(({ trainable }) => trainable),
        ...layer.weights.filter(({ trainable }) => !trainable),
      ];

export function writeWeights(root: Hdf5Writer, model: CompiledModel): void {
  for (const { layer, path } of places(model, 'layers')) {
    const group = root.group(`${path}vars`);
    group.attribute('name', layer.name);
    for (const [i, weight] of ownWeights(layer).entries()) group.tensor(String(i), toTensor(weight));
  }
  if (!model.compilation) return;
  const { optimizer } = model.compilation;
  const group = root.group('optimizer/vars');
  group.attribute('name', optimizer.name);
  for (const [i, { value }] of optimizerValues(optimizer, model.trainableWeights).entries())
    group.tensor(String(i), value);
}

/** Whether the file is laid out so. */
export const hasKeras3Weights = (root: Hdf5Group): boolean => containers.some((name) => root.has(name));

/**
 * Loads weights into a model of the same layers in the same order, and its optimizer's state if it is compiled.
 * Nothing is changed unless everything fits.
 *
 * @throws ValueError that names the layer
 */
export function readWeights(
  root: Hdf5Group,
  model: CompiledModel,
  { skipMismatch = false, warn = console.warn }: LoadWeightsOptions = {},
): void {
  const container = containers.find((name) => root.has(name)) ?? 'layers';
  const assignments: [Variable, Float32Array][] = [];
  for (const { layer, path } of places(model, container)) {
    const variables = ownWeights(layer);
    if (variables.length === 0) continue;
    const problem = readLayer(root, layer, path, variables, assignments);
    if (problem === null) continue;
    if (!skipMismatch) throw new ValueError(problem);
    warn(`${problem} The layer keeps the weights that it has.`);
  }
  for (const [variable, value] of assignments) variable.assign(value);

  if (!model.compilation || !root.has('optimizer/vars')) return;
  const { optimizer } = model.compilation;
  const problem = restoreOptimizer(optimizer, model.trainableWeights, numbered(root.group('optimizer/vars')));
  if (problem !== null) warnOfOptimizer(optimizer.name, problem, warn);
}

function readLayer(
  root: Hdf5Group,
  layer: Layer,
  path: string,
  variables: readonly Variable[],
  assignments: [Variable, Float32Array][],
): string | null {
  const vars = `${path}vars`;
  const saved = root.has(vars) ? numbered(root.group(vars)) : [];
  if (saved.length !== variables.length)
    return `Layer '${layer.name}' expected ${variables.length} variables, but received ${saved.length} variables during loading. Expected: [${variables.map(({ name }) => `'${name}'`).join(', ')}] at '${vars}'.`;
  for (const [variable, { dims }] of zip(variables, saved))
    if (!sameShape(dims, variable.shape))
      return `Shape mismatch in layer '${layer.name}' for weight ${layer.name}/${variable.name}. Weight expects shape ${pythonTuple(variable.shape)}. Received saved weight with shape ${pythonTuple(dims)}.`;
  for (const [variable, value] of zip(variables, saved)) assignments.push([variable, toFloats(value)]);
  return null;
}

/** The arrays `0`, `1`, … of a group. */
function numbered(group: Hdf5Group): Tensor[] {
  const tensors: Tensor[] = [];
  while (group.has(String(tensors.length))) tensors.push(group.tensor(String(tensors.length)));
  return tensors;
}
