import { ValueError } from '../../errors.js';
import type { Layer } from '../layers/layer.js';
import { Functional } from '../models/functional.js';
import type { Model } from '../models/model.js';
import { pythonTuple } from '../python/format.js';
import { asList, asObject, asText, isObject, parseJson } from '../python/json.js';
import { modelFromConfig } from './deserialize.js';
import { formerWeightName } from './legacy-h5.js';
import { zeros } from './load.js';
import { readTfjsWeights, type TfjsWeight, type TfjsWeightsGroup } from './tfjs.js';
import { sameShape, toFloats } from './values.js';

/** The weights' files that a TF.js `model.json` names, which lie beside it. */
export function tfjsWeightFiles(modelJson: string): string[] {
  const files = readManifest(parseJson(modelJson, "'model.json'")).flatMap(({ paths }) => paths);
  for (const file of files)
    if (/(^|[/\\])\.\.([/\\]|$)|^[/\\]|^\w+:|\0/.test(file))
      throw new ValueError(
        `Expected weights beside 'model.json'. Received: '${file}'. Hint: do not trust this file.`,
      );
  return files;
}

/**
 * Reads a TF.js layers model, as `model.save` of TensorFlow.js, `tensorflowjs_converter` from Keras, and Teachable
 * Machine write it.
 *
 * @param files the bytes of every file that `tfjsWeightFiles` names
 * @throws ValueError that names the layer that is unknown or lacks its weights
 */
export function decodeTfjsModel(modelJson: string, files: Readonly<Record<string, Uint8Array>>): Model {
  const json = asObject(parseJson(modelJson, "'model.json'"), "'model.json'");
  const topology = asObject(json.modelTopology, "'modelTopology' of model.json");
  if ('node' in topology)
    throw new ValueError(
      'Expected a TF.js layers model. Received: a graph model, which has no layers. Hint: export it as a layers model.',
    );
  const size = Object.values(files).reduce((sum, { length }) => sum + length, 0);
  const model = modelFromConfig(
    isObject(topology.model_config) ? topology.model_config : topology,
    zeros(size),
  );
  const weights = readTfjsWeights(readManifest(json), files);
  const names = [...weights.keys()];
  for (const layer of leaves(model))
    for (const variable of layer.weights) {
      const suffixes = [variable.name, formerWeightName(layer, variable)].map(
        (own) => `${layer.name}/${own}`,
      );
      const name =
        names.find((candidate) => suffixes.includes(candidate)) ??
        names.find((candidate) => suffixes.some((suffix) => candidate.endsWith(`/${suffix}`))) ??
        // A slash in the name of a layer has become a low line.
        names.find((candidate) => suffixes.some((suffix) => flat(suffix) === flat(candidate)));
      const value = weights.get(name ?? '');
      if (!value)
        throw new ValueError(
          `Expected the weight '${suffixes[0]}' in the files of model.json. Received: none.`,
        );
      if (!sameShape(value.dims, variable.shape))
        throw new ValueError(
          `Shape mismatch in layer '${layer.name}' for weight ${name}. Weight expects shape ${pythonTuple(variable.shape)}. Received saved weight with shape ${pythonTuple(value.dims)}.`,
        );
      variable.assign(toFloats(value));
    }
  return model;
}

const flat = (name: string): string => name.replaceAll('/', '_');

/** Layers that are no models, at every depth, each once. */
const leaves = (model: Functional): Set<Layer> =>
  new Set(model.layers.flatMap((layer) => (layer instanceof Functional ? [...leaves(layer)] : [layer])));

function readManifest(json: unknown): TfjsWeightsGroup[] {
  const manifest = asObject(json, "'model.json'").weightsManifest;
  return asList(manifest, "'weightsManifest' of model.json").map((item) => {
    const { paths, weights } = asObject(item, 'a group of weights');
    return {
      paths: asList(paths, 'the paths of weights').map((path) => asText(path, 'the path of weights')),
      weights: asList(weights, 'a group of weights').map((weight) => {
        const { name, shape, dtype } = asObject(weight, 'a weight');
        asText(name, 'the name of a weight');
        asText(dtype, `the type of weight '${name}'`);
        for (const dim of asList(shape, `the shape of weight '${name}'`))
          if (!Number.isInteger(dim) || (dim as number) < 0)
            throw new ValueError(
              `Expected whole numbers in the shape of weight '${name}'. Received: ${dim}.`,
            );
        return weight as TfjsWeight;
      }),
    };
  });
}
