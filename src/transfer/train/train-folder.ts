import { cacheFolder, type EngineOptions, openEngine } from '#platform';
import type { Engine } from '../../engine/engine.js';
import { named } from '../../named-options.js';
import { type Reporter, silent } from '../reporter.js';
import { targetOf } from './target.js';
import { checkTrainNames, type TrainOptions, type TrainResult, trainClassifier } from './train.js';

export interface TrainFolderOptions extends Omit<TrainOptions, 'out' | 'cache' | 'engine'> {
  /** As in `trainClassifier`. Default `'onnx'`: `onnx/model.onnx`, with `history.csv` and `history.json` beside it. */
  readonly out?: string;
  /** Folder that keeps embeddings from run to run. Default: `ORT_TRANSFER_CACHE`, else `~/.cache/ort-transfer`. */
  readonly cache?: string;
  /** An engine, or which one to open. Default: ONNX Runtime, on a GPU where one works. */
  readonly engine?: Engine | EngineOptions;
  /** Told how it goes. Default: nobody. */
  readonly reporter?: Reporter;
}

export interface TrainedFolder extends TrainResult {
  /** Of pictures that the model was not trained on that it named rightly, from 0 to 1; `null` where there were none. */
  readonly accuracy: number | null;
  /** Folder that the model and its histories are in. */
  readonly folder: string;
}

/**
 * Trains a classifier on a folder of pictures, with defaults for all the rest.
 *
 * @throws TypeError for options that are not known, UserError where pictures or weights cannot be used
 *
 * @example
 * const { model, accuracy } = await train({ train: 'photos', weights: 'imagenet' });
 */
export async function train(options: TrainFolderOptions): Promise<TrainedFolder> {
  const {
    out = 'onnx',
    cache = cacheFolder(),
    engine = {},
    reporter = silent,
    ...others
  } = named(options, 'train');
  const settings = { ...others, out, cache };
  checkTrainNames({ ...settings, engine: engine as Engine }, 'train');
  const opened = 'load' in engine ? engine : await openEngine(engine);
  const result = await trainClassifier({ ...settings, engine: opened }, reporter);
  const { folder } = await targetOf(out);
  return { ...result, accuracy: result.evaluation?.accuracy ?? null, folder };
}
