import { readFile, writeFile } from '#platform';
import { ValueError } from '../layers/layer.js';
import type { Model } from '../models/model.js';
import { isZip, readArchive, writeArchive } from './archive.js';
import { serializeCompilation } from './compile-config.js';
import { type Hdf5Writer, readHdf5, writeHdf5 } from './hdf5.js';
import { pythonJson } from './json.js';
import {
  type LoadWeightsOptions,
  legacyWeights,
  loadLegacyWeights,
  variablePaths,
  writeLegacyWeights,
} from './legacy-h5.js';
import { optimizerValues } from './optimizer-state.js';
import { serializeLayer } from './serialize.js';
import { hasKeras3Weights, readWeights, writeWeights } from './weights-h5.js';

/** The version of Keras whose files these are. */
const kerasVersion = '3.15.1';

/** Whole models: Keras 3's own format, and the older one. */
export type ModelFormat = 'keras' | 'h5';

/**
 * Writes a whole model, with what it was compiled with and the optimizer's state: `.keras`, or Keras's older `.h5`.
 *
 * Python's `keras.models.load_model` opens either.
 */
export async function saveModel(model: Model, path: string): Promise<void> {
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
export async function encodeKerasModel(model: Model, format: ModelFormat): Promise<Uint8Array> {
  if (format === 'h5') return writeHdf5((root) => writeLegacyModel(root, model));
  const [date, time] = new Date().toISOString().split(/[T.]/) as [string, string];
  return writeArchive({
    metadata: pythonJson({ keras_version: kerasVersion, date_saved: `${date}@${time}` }),
    config: pythonJson(serializeLayer(model)),
    weights: await writeHdf5((root) => writeWeights(root, model)),
  });
}

function writeLegacyModel(root: Hdf5Writer, model: Model): void {
  root.attribute('backend', 'tensorflow');
  root.attribute('keras_version', kerasVersion);
  root.attribute('model_config', pythonJson(serializeLayer(model, 'legacy')));
  writeLegacyWeights(root.group('model_weights'), model, kerasVersion);
  const { compilation } = model;
  if (!compilation) return;
  root.attribute('training_config', pythonJson(serializeCompilation(model, 'legacy')));
  const paths = variablePaths(model);
  const values = optimizerValues(compilation.optimizer, model.trainableWeights).map(
    ({ name, parameter, value }) => ({
      name: `${compilation.optimizer.name}/${parameter ? `${paths.get(parameter)!.replaceAll('/', '_')}_` : ''}${name}`,
      value,
    }),
  );
  const group = root.group('optimizer_weights');
  group.strings(
    'weight_names',
    values.map(({ name }) => name),
  );
  for (const { name, value } of values) group.tensor(name, value);
}

/**
 * Writes the weights alone: `.weights.h5` as Keras 3 has it, with the optimizer's state, or any other `.h5` as Keras 2
 * has it.
 */
export async function saveWeights(model: Model, path: string): Promise<void> {
  if (!model.built)
    throw new ValueError(
      'You are saving a model that has not yet been built. Try building the model first by calling it on some data or by using `build()`.',
    );
  if (!path.endsWith('.h5') && !path.endsWith('.hdf5'))
    throw new ValueError(`The filename must end in \`.weights.h5\`. Received: filepath=${path}`);
  await writeFile(
    path,
    await writeHdf5((root) =>
      path.endsWith('.weights.h5')
        ? writeWeights(root, model)
        : writeLegacyWeights(root, model, kerasVersion),
    ),
  );
}

/**
 * Loads weights from a file of any of these formats, by what is in it.
 *
 * @throws ValueError that names the layer that they do not fit; then nothing is changed
 */
export async function loadWeights(
  model: Model,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<void> {
  await loadWeightsFrom(model, await readFile(path), options);
}

/** The same from the bytes of a file. */
export async function loadWeightsFrom(
  model: Model,
  bytes: Uint8Array,
  options: LoadWeightsOptions = {},
): Promise<void> {
  await readHdf5(isZip(bytes) ? readArchive(bytes).weights : bytes, (root) => {
    if (!hasKeras3Weights(root)) loadLegacyWeights(legacyWeights(root), model, options);
    else if (options.byName)
      throw new ValueError(
        'Expected a file of the older layout for `byName`. Received: Keras 3 weights, which are loaded by the order of layers.',
      );
    else readWeights(root, model, options);
  });
}
