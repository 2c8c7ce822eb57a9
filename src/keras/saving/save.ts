import { fileExists, readFile, writeFile } from '#platform';
import { ValueError } from '../../errors.js';
import { named, refuseOthers } from '../../named-options.js';
import type { CompiledModel } from '../models/compilation.js';
import { pythonJson } from '../python/json.js';
import { isZip, readArchive, writeArchive } from './archive.js';
import { type Hdf5Writer, readHdf5, writeHdf5 } from './hdf5.js';
import { legacyConfig, legacyTraining } from './legacy-config.js';
import {
  type LoadWeightsOptions,
  legacyVersion,
  legacyWeights,
  loadLegacyWeights,
  weightNames,
  writeLegacyWeights,
} from './legacy-h5.js';
import { modelJson } from './model-json.js';
import { legacyOptimizerValues } from './optimizer-state.js';
import { serializeLayer } from './serialize.js';
import { hasKeras3Weights, readWeights, writeWeights } from './weights-h5.js';

/** The version of Keras whose `.keras` files these are. */
const kerasVersion = '3.15.1';

/** Whole models: Keras 3's own format, and the older one. */
export type ModelFormat = 'keras' | 'h5';

/** Arguments of `save` and `saveWeights`, as Keras has them. */
export interface SaveOptions {
  /** Whether a file of that name may be replaced. Default: true. */
  readonly overwrite?: boolean;
}

/** @throws ValueError where there is a file that may not be replaced; Keras asks at the terminal */
async function checkOverwriting(path: string, options: SaveOptions, callee: string): Promise<void> {
  const { overwrite = true, ...others } = named(options, callee);
  refuseOthers(others, callee, (probe) => checkOverwriting(path, probe, callee));
  if (!overwrite && (await fileExists(path)))
    throw new ValueError(
      `Expected a path without a file, since \`overwrite\` is false. Received: ${path}, which exists.`,
    );
}

/**
 * Writes a whole model, how it was compiled, and the optimizer's state: `.keras`, or Keras's older `.h5`.
 *
 * Python's `keras.models.load_model` opens either.
 */
export async function saveModel(
  model: CompiledModel,
  path: string,
  options: SaveOptions = {},
): Promise<void> {
  await checkOverwriting(path, options, 'save');
  await writeFile(path, await encodeKerasModel(model, formatOf(path)));
}

function formatOf(path: string): ModelFormat {
  if (path.endsWith('.keras')) return 'keras';
  if (path.endsWith('.h5') || path.endsWith('.hdf5')) return 'h5';
  throw new ValueError(
    `Invalid filepath extension for saving. Please add either a \`.keras\` extension for the native Keras format (recommended) or a \`.h5\` extension. Received: filepath=${path}.`,
  );
}

/** The bytes of such a file. */
export async function encodeKerasModel(model: CompiledModel, format: ModelFormat): Promise<Uint8Array> {
  if (format === 'h5') return writeHdf5((root) => writeLegacyModel(root, model));
  const [date, time] = new Date().toISOString().split(/[T.]/) as [string, string];
  return writeArchive({
    metadata: pythonJson({ keras_version: kerasVersion, date_saved: `${date}@${time}` }),
    config: modelJson(serializeLayer(model)),
    weights: await encodeWeights(model),
  });
}

function writeLegacyModel(root: Hdf5Writer, model: CompiledModel): void {
  root.attribute('backend', 'tensorflow');
  root.attribute('keras_version', legacyVersion);
  root.attribute('model_config', modelJson(legacyConfig(model)));
  writeLegacyWeights(root.group('model_weights'), model);
  const { compilation } = model;
  if (!compilation) return;
  root.attribute('training_config', modelJson(legacyTraining(compilation, model.outputShape)));
  const names = weightNames(model);
  const values = legacyOptimizerValues(compilation.optimizer, model.trainableWeights, names);
  const group = root.group('optimizer_weights');
  group.strings('weight_names', [...values.keys()]);
  for (const [name, value] of values) group.tensor(name, value);
}

/**
 * Writes the weights alone: `.weights.h5` as Keras 3 has it, with the optimizer's state, or any other `.h5` in Keras 2's
 * layout. Keras 3 writes no files of other names, but its `load_weights` reads these, too; Keras 2's reads these alone.
 */
export async function saveWeights(
  model: CompiledModel,
  path: string,
  options: SaveOptions = {},
): Promise<void> {
  await checkOverwriting(path, options, 'saveWeights');
  if (!model.built)
    throw new ValueError(
      'You are saving a model that has not yet been built. Try building the model first by calling it on some data or by using `build()`.',
    );
  if (!path.endsWith('.h5') && !path.endsWith('.hdf5'))
    throw new ValueError(
      `The filename must end in \`.weights.h5\`, or in \`.h5\` for Keras 2. Received: filepath=${path}`,
    );
  await writeFile(
    path,
    path.endsWith('.weights.h5')
      ? await encodeWeights(model)
      : await writeHdf5((root) => writeLegacyWeights(root, model)),
  );
}

/** The bytes of a `.weights.h5` file. */
export const encodeWeights = (model: CompiledModel): Promise<Uint8Array> =>
  writeHdf5((root) => writeWeights(root, model));

function checkLoading(options: LoadWeightsOptions): void {
  const { byName, skipMismatch, warn, ...others } = named(options, 'loadWeights');
  refuseOthers(others, 'loadWeights', checkLoading);
}

/**
 * Loads weights from a file of any of these formats, whatever its name.
 *
 * @throws ValueError that names the layer that they do not fit; then nothing is changed
 */
export async function loadWeights(
  model: CompiledModel,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<void> {
  checkLoading(options);
  await loadWeightsFrom(model, await readFile(path), options);
}

/** The same from the bytes of a file. */
export async function loadWeightsFrom(
  model: CompiledModel,
  bytes: Uint8Array,
  options: LoadWeightsOptions = {},
): Promise<void> {
  checkLoading(options);
  await readHdf5(isZip(bytes) ? readArchive(bytes).weights : bytes, (root) => {
    if (!hasKeras3Weights(root)) loadLegacyWeights(legacyWeights(root), model, options);
    else if (options.byName)
      throw new ValueError(
        'Expected a file of the older layout for `byName`. Received: Keras 3 weights, which are loaded by the order of layers.',
      );
    else readWeights(root, model, options);
  });
}
