import { readFile } from '#platform';
import { ValueError } from '../../errors.js';
import { named, refuseOthers } from '../../named-options.js';
import type { EngineChoice } from '../models/compilation.js';
import type { Model } from '../models/model.js';
import { isObject, parseJson } from '../python/json.js';
import { isZip, readArchive } from './archive.js';
import { deserializeCompilation } from './compile-config.js';
import { modelFromConfig } from './deserialize.js';
import { type Hdf5Group, isHdf5, readHdf5 } from './hdf5.js';
import type { LayerContext } from './layer-config.js';
import { loadLegacyWeights, warnOfOptimizer } from './legacy-h5.js';
import { restoreNamedOptimizer } from './optimizer-state.js';
import { readWeights } from './weights-h5.js';

export interface LoadModelOptions {
  /** Compiles the model as it was, so that training goes on. Default `true`. */
  readonly compile?: boolean;
  /** Runs the model once it is compiled. Default `'ort'`. */
  readonly engine?: EngineChoice;
  /** Default `console.warn`. */
  readonly warn?: (message: string) => void;
}

function checkNames(options: LoadModelOptions, callee: string): void {
  const { compile, engine, warn, ...others } = named(options, callee);
  refuseOthers(others, callee, (probe) => checkNames(probe, callee));
}

/**
 * Loads a whole model that Keras 2, Keras 3 or this library saved: `.keras` or `.h5`.
 *
 * @throws ValueError or Hdf5FormatError that names the fault of the file and its place
 *
 * @example
 * const model = await loadModel('face_recognition.h5');
 */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<Model> {
  checkNames(options, 'loadModel');
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ENOENT') throw cause;
    throw new ValueError(
      `File not found: filepath=${path}. Please ensure the file is an accessible \`.keras\` zip file.`,
      { cause },
    );
  }
  return decodeKerasModel(bytes, options);
}

/** The same from the bytes of a file. */
export async function decodeKerasModel(bytes: Uint8Array, options: LoadModelOptions = {}): Promise<Model> {
  checkNames(options, 'decodeKerasModel');
  if (isZip(bytes)) return fromArchive(bytes, options);
  if (isHdf5(bytes)) return readHdf5(bytes, (root) => fromLegacy(root, bytes.length, options));
  throw new ValueError(
    `Expected a model that Keras saved, .keras or .h5. Received: ${bytes.length} bytes of something else.`,
  );
}

async function fromArchive(bytes: Uint8Array, options: LoadModelOptions): Promise<Model> {
  const archive = readArchive(bytes);
  const config = parseJson(archive.config, "'config.json'");
  const model = modelFromConfig(config, zeros(archive.weights.length));
  const compilation = isObject(config) ? config.compile_config : null;
  if (options.compile !== false && isObject(compilation) && Object.keys(compilation).length > 0) {
    model.compile({ ...deserializeCompilation(compilation), engine: options.engine });
    model.optimizer.build(model.trainableWeights);
  }
  await readHdf5(archive.weights, (root) => readWeights(root, model, options));
  return model;
}

function fromLegacy(root: Hdf5Group, size: number, options: LoadModelOptions): Model {
  const config = root.attribute('model_config');
  if (typeof config !== 'string')
    throw new ValueError(
      "Expected a whole model, with the attribute 'model_config'. Received: an HDF5 file without. Hint: make the model, then load the file with `model.loadWeights(path)`.",
    );
  const model = modelFromConfig(parseJson(config, "the attribute 'model_config'"), zeros(size));
  loadLegacyWeights(root.group('model_weights'), model, options);
  const training = root.attribute('training_config');
  if (options.compile === false || typeof training !== 'string') return model;
  model.compile({
    ...deserializeCompilation(parseJson(training, "the attribute 'training_config'")),
    engine: options.engine,
  });
  if (root.has('optimizer_weights')) {
    const group = root.group('optimizer_weights');
    const saved = group.strings('weight_names').map((name) => [name, group.tensor(name)] as const);
    model.optimizer.build(model.trainableWeights);
    const problem = restoreNamedOptimizer(model.optimizer, model.trainableWeights, saved);
    if (problem !== null) warnOfOptimizer(model.optimizer.name, problem, options.warn ?? console.warn);
  }
  return model;
}

/**
 * Weights begin as zeros, since the file's follow, and may not take more than a file of this size can hold:
 * compression saves at most a factor of 1032.
 */
export function zeros(fileSize: number): LayerContext {
  let left = Math.min(fileSize * 1032, 2 ** 32) / Float32Array.BYTES_PER_ELEMENT;
  return {
    firstValues(shape) {
      const size = shape.reduce((product, dim) => product * dim, 1);
      left -= size;
      if (left < 0)
        throw new ValueError(
          `Expected weights that fit into a file of ${fileSize} bytes. Received: a weight of shape (${shape.join(', ')}).`,
        );
      return new Float32Array(size);
    },
  };
}
