import { join } from 'node:path';
import { makeWritableFolder, writeFile } from '#platform';
import { type HeadOptions, trainHead } from '../../classifier/head.js';
import type { Evaluation } from '../../classifier/metrics.js';
import type { Engine } from '../../engine/engine.js';
import { CSVLogger } from '../../keras/callbacks/index.js';
import { RandomState } from '../../keras/random/random-state.js';
import { type PreparationOptions, prepareBackbone } from '../features/preparation.js';
import type { Reporter } from '../reporter.js';
import { chooseClasses } from './choose-classes.js';
import { encodeTrained } from './encode-trained.js';
import { backboneLayers } from './keras-classifier.js';
import { loadSplits } from './load-splits.js';
import { targetOf } from './target.js';

export interface TrainOptions extends PreparationOptions, HeadOptions {
  /** Folder with one sub-folder of pictures per class. */
  readonly train: string;
  /** Such a folder to validate on. Default: a share of `train` is held back. */
  readonly validation?: string;
  /** The share of each class to hold back. Default 0.2; ignored with `validation`. */
  readonly validationSplit?: number;
  /** Chooses the pictures to hold back, the views, the first weights and the order of batches. Default 0. */
  readonly seed?: number;
  /**
   * Folder for `model.onnx`, `history.csv` and `history.json`; or the model's file, `.onnx`, `.keras`, `.h5` or
   * `.weights.h5`, beside which the histories go.
   */
  readonly out: string;
  /** Folder that keeps embeddings from run to run. */
  readonly cache: string;
  /** Pictures with more pixels are skipped. Default 100 million. */
  readonly maxPixels?: number;
  /** Threads that read pictures. Default: as many as there are processors. */
  readonly workers?: number;
  /** Stops at a picture that cannot be used. Default false: it is skipped, and told. */
  readonly strict?: boolean;
  /** 1 draws Keras's progress bar, 2 prints a line an epoch. Default 2. */
  readonly verbose?: 1 | 2;
}

export interface TrainResult {
  /** Path of the file. */
  readonly model: string;
  /** The classes, in the order of the probabilities. */
  readonly labels: readonly string[];
  /** ONNX Runtime's execution provider that trained. */
  readonly provider: string;
  /** How the model does on the validation pictures; `null` where there are none. */
  readonly evaluation: Evaluation | null;
  /** One value an epoch. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epoch whose weights were kept, counted from 1. */
  readonly bestEpoch: number;
  /** Size of the file. */
  readonly bytes: number;
}

/**
 * The main job: a folder of pictures in, a classifier out.
 *
 * The best epoch's weights are kept. Same seed, machine and provider: the same file, byte for byte; Keras's files differ
 * in the dates that they hold.
 */
export async function trainClassifier(options: TrainOptions, reporter: Reporter): Promise<TrainResult> {
  const { engine, seed = 0, views = 4 } = options;
  const random = new RandomState(seed);
  const chosen = await chooseClasses(options, reporter);
  const target = await targetOf(options.out);
  await makeWritableFolder(target.folder);
  const preparation = await prepareBackbone({ ...options, random }, reporter);
  const layers = target.format === 'onnx' ? null : backboneLayers(preparation);
  const { training, validation } = await loadSplits(chosen, { ...options, preparation }, reporter);

  const labels = training.classes;
  reporter.info(
    `Training on ${training.pictures.length * views} embeddings${views > 1 ? ` (${views} views of each picture)` : ''} with ${describe(engine)}`,
  );
  const { head, evaluation, history, bestEpoch } = await trainHead({
    ...options,
    ...{ random, views, training, validation },
    print: reporter.print,
    warn: reporter.warn,
    callbacks: [new CSVLogger({ filename: join(target.folder, 'history.csv') })],
  });

  const bytes = await encodeTrained({ head, evaluation, labels, preparation, layers }, target, reporter);
  const { provider } = engine;
  const result: TrainResult = {
    model: target.model,
    ...{ labels, provider, evaluation, history, bestEpoch },
    bytes: bytes.length,
  };
  const skipped = [...new Set([...training.skipped, ...(validation?.skipped ?? [])])];
  await writeFile(result.model, bytes);
  await writeFile(
    join(target.folder, 'history.json'),
    `${JSON.stringify({ ...result, skipped }, null, 2)}\n`,
  );
  return result;
}

/** The engine in a few words. */
const describe = ({ name, provider }: Engine): string =>
  name === 'js' ? 'plain TypeScript' : `ONNX Runtime (${provider})`;
