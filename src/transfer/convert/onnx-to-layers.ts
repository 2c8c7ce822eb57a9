import { type ModelMetadata, readMetadata } from '../../classifier/metadata.js';
import { restoreWeights } from '../../classifier/precision.js';
import { ValueError } from '../../errors.js';
import type { Graph, Value } from '../../graph/graph.js';
import { decodeModel, OnnxFormatError } from '../../graph/onnx.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { Input } from '../../keras/layers/input.js';
import type { Model } from '../../keras/models/model.js';
import { ownPreprocessing } from '../backbone-onnx/onnx-input.js';
import { LayerReader } from './onnx-to-layers/layer-reader.js';
import { operations } from './onnx-to-layers/operations.js';

/** A model as layers, with the labels and preprocessing from its file. */
export interface ImportedModel extends Partial<Omit<ModelMetadata, 'metrics' | 'precision'>> {
  /** Of a classifier, it reads pictures that are prepared as `preprocessing` says: float32 (N, height, width, 3). */
  readonly model: Model;
}

/**
 * Makes Keras layers of an ONNX model that this project wrote. Batch normalisation, which the export folded into the
 * convolutions, stays in them: the layers compute the same. Weights that are stored small are restored.
 *
 * @throws OnnxFormatError or MetadataError when it is no such file, ValueError for operations without a layer
 */
export function importOnnx(bytes: Uint8Array): ImportedModel {
  const { graph: stored, metadata = {} } = decodeModel(bytes);
  const graph = restoreWeights(stored);
  if ('labels' in metadata) return importClassifier(bytes, graph);
  const [output, ...others] = graph.outputs;
  if (!output || others.length > 0)
    throw new OnnxFormatError(
      `Expected a model with one output. Received: ${graph.outputs.length}${graph.outputs.map(({ name }) => ` '${name}'`).join()}.`,
    );
  const reader = new LayerReader(graph);
  for (const { name, type, dims } of graph.inputs) {
    if (type !== 'float32')
      throw new ValueError(`Expected inputs of float32, as Keras has them. Received: '${name}' of ${type}.`);
    const shape = dims.slice(1).map((dim) => (typeof dim === 'number' ? dim : null));
    reader.start(name, Input({ shape, name }));
  }
  const preprocessing = ownPreprocessing(metadata);
  return { model: reader.read(output.name, operations), ...(preprocessing ? { preprocessing } : {}) };
}

/** The layers of a classifier begin after its preprocessing. */
function importClassifier(bytes: Uint8Array, graph: Graph): ImportedModel {
  const { metrics, precision, ...metadata } = readMetadata(bytes);
  const output = graph.outputs[0]?.name ?? '';
  return { model: readPictureLayers(graph, { size: metadata.preprocessing.size, output }), ...metadata };
}

/**
 * Makes Keras layers of a graph that `backboneModel` wrote: prepared pictures (N, height, width, 3) → embedding (N, D).
 *
 * @param options.reserved names that other layers are to have
 * @throws ValueError for operations without a layer
 */
export function importBackbone(
  bytes: Uint8Array,
  options: { size: Preprocessing['size']; reserved: RegExp },
): Model {
  return readPictureLayers(decodeModel(bytes).graph, { ...options, output: 'embedding' });
}

/** The layers between a graph's preprocessing and `output`. */
function readPictureLayers(
  graph: Graph,
  { size, output, reserved }: { size: Preprocessing['size']; output: Value; reserved?: RegExp },
): Model {
  const pictures = Input({ shape: [...size, 3], name: 'pictures' });
  const reader = new LayerReader(graph, reserved);
  reader.start(preparedPictures(graph), pictures, { isChannelsFirst: true });
  return reader.read(output, operations);
}

/** The value that a classifier's preprocessing ends in: (N, 3, height, width). */
function preparedPictures({ nodes }: Graph): Value {
  const last = nodes.findLast(({ name }) => name.startsWith('preprocessing/'))?.outputs[0];
  if (last !== undefined) return last;
  throw new ValueError(
    "Expected a classifier with its preprocessing inside. Received: an ONNX model without. Hint: export it with 'ort-transfer train'.",
  );
}
