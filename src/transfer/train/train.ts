import { join } from 'node:path';
import { compareClasses, listImages, makeWritableFolder, writeFile } from '#platform';
import { type Dataset, splitDataset } from '../../classifier/dataset.js';
import { type HeadOptions, TrainingError, trainHead } from '../../classifier/head.js';
import type { Evaluation } from '../../classifier/metrics.js';
import { exportClassifier } from '../../classifier/write-classifier.js';
import type { Engine } from '../../engine/engine.js';
import { CSVLogger } from '../../keras/callbacks/index.js';
import type { Model } from '../../keras/models/model.js';
import { RandomState } from '../../keras/random/random-state.js';
import { encodeKerasModel, encodeWeights } from '../../keras/saving/index.js';
import { describePictures } from '../convert/convert.js';
import { describeCopies } from '../data/copies.js';
import { describeImbalance } from '../data/imbalance.js';
import { loadDataset } from '../data/load-dataset.js';
import {
  isOnnx,
  type Preparation,
  type PreparationOptions,
  prepareBackbone,
} from '../features/preparation.js';
import type { Reporter } from '../reporter.js';
import { checkKerasHasLayers, toKerasClassifier } from './keras-classifier.js';
import { type Target, targetOf } from './target.js';

export interface TrainOptions extends PreparationOptions, HeadOptions {
  /** Folder with one sub-folder of pictures per class. */
  readonly train: string;
  /** Such a folder to validate on; else a share of `train` is held back. */
  readonly validation?: string;
  /** The share of each class to hold back. Default 0.2; ignored with `validation`. */
  readonly validationSplit?: number;
  readonly seed?: number;
  /**
   * Folder for `model.onnx`, `history.csv` and `history.json`; or the model's file, `.onnx`, `.keras`, `.h5` or
   * `.weights.h5`, beside which the histories go.
   */
  readonly out: string;
  readonly cache: string;
  readonly maxPixels?: number;
  readonly workers?: number;
  readonly strict?: boolean;
  /** 1 draws Keras's progress bar, 2 prints a line an epoch. */
  readonly verbose?: 1 | 2;
}

export interface TrainResult {
  readonly model: string;
  readonly labels: readonly string[];
  readonly provider: string;
  /** On what the model was validated with; `null` where there was nothing. */
  readonly evaluation: Evaluation | null;
  /** One value an epoch. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epoch whose weights were kept, counted from 1. */
  readonly bestEpoch: number;
  readonly bytes: number;
}

/**
 * The main job: a folder of pictures in, a classifier out.
 *
 * The best epoch's weights are kept. Same seed, machine and provider: the same file, byte for byte; Keras's files differ
 * in the dates that they hold.
 */
export async function trainClassifier(options: TrainOptions, reporter: Reporter): Promise<TrainResult> {
  const { engine, out, seed = 0, views = 4 } = options;
  const random = new RandomState(seed);
  const common = await listClasses(options, reporter);
  const target = await targetOf(out);
  await makeWritableFolder(target.folder);
  const preparation = await prepareBackbone({ ...options, random }, reporter);
  if (target.format !== 'onnx' && isOnnx(options.weights)) checkKerasHasLayers(preparation, common);
  const { training, validation } = await loadData(options, { preparation, common }, reporter);
  for (const warning of [...describeCopies(training, validation), ...describeImbalance(training)])
    reporter.warn(warning);
  const labels = training.classes;

  reporter.info(
    `Training on ${training.pictures.length * views} embeddings${views > 1 ? ` (${views} views of each picture)` : ''} with ${describe(engine)}`,
  );
  const { head, evaluation, history, bestEpoch } = await trainHead({
    ...options,
    random,
    views,
    training,
    validation,
    print: reporter.print,
    warn: reporter.warn,
    callbacks: [new CSVLogger({ filename: join(target.folder, 'history.csv') })],
  });
  const onnx = exportClassifier({ head, preparation, labels, evaluation });
  const bytes = target.format === 'onnx' ? onnx : await encodeForKeras(onnx, { head, target, reporter });
  const result: TrainResult = {
    model: target.model,
    labels,
    provider: engine.provider,
    evaluation,
    history,
    bestEpoch,
    bytes: bytes.length,
  };
  await writeFile(result.model, bytes);
  const skipped = [...new Set([...training.skipped, ...(validation?.skipped ?? [])])];
  await writeFile(
    join(target.folder, 'history.json'),
    `${JSON.stringify({ ...result, skipped }, null, 2)}\n`,
  );
  return result;
}

/** The classifier in the file of Keras's that was asked for, which holds neither labels nor how pictures are prepared. */
async function encodeForKeras(
  onnx: Uint8Array,
  { head, target, reporter }: { head: Model; target: Target; reporter: Reporter },
): Promise<Uint8Array> {
  const classifier = toKerasClassifier(onnx, head);
  for (const note of describePictures(classifier)) reporter.info(note);
  if (target.format === 'weights') return encodeWeights(classifier.model);
  return encodeKerasModel(classifier.model, target.model.endsWith('.keras') ? 'keras' : 'h5');
}

/**
 * Finds out before the long work begins whether the folders can lead to a model.
 *
 * @returns the classes that both folders have, those of `train` where there is one folder
 * @throws TrainingError where there is nothing to tell apart, or nothing to validate on
 */
async function listClasses({ train, validation }: TrainOptions, reporter: Reporter): Promise<string[]> {
  const { classes } = await listImages(train);
  if (classes.length < 2)
    throw new TrainingError(
      `Expected at least 2 classes. Received: only '${classes[0]}' in ${train}. Hint: add a folder with pictures of something else.`,
    );
  if (validation === undefined) return classes;
  const { classes: others } = await listImages(validation);
  const common = classes.filter((name) => others.includes(name));
  if (common.length === 0)
    throw new TrainingError(
      `Expected classes of ${train} in ${validation}, like '${classes[0]}'. Received: ${others.map((name) => `'${name}'`).join(', ')}.`,
    );
  for (const warning of compareClasses(classes, others)) reporter.warn(warning);
  return common;
}

async function loadData(
  options: TrainOptions,
  { preparation, common }: { preparation: Preparation; common: readonly string[] },
  reporter: Reporter,
): Promise<{ training: Dataset; validation: Dataset | null }> {
  const { validationSplit = 0.2, seed = 0 } = options;
  const load = { ...options, preparation };
  const all = await loadDataset(options.train, load, reporter);
  if (options.validation === undefined) {
    if (validationSplit <= 0) return { training: all, validation: null };
    const [training, held] = splitDataset(all, validationSplit, seed);
    reporter.info(`Holding back ${held.pictures.length} pictures for validation`);
    return { training, validation: held.pictures.length > 0 ? held : null };
  }
  const validation = await loadDataset(options.validation, { ...load, views: 1, classes: common }, reporter);
  return { training: all, validation: relabel(validation, all.classes) };
}

/** A data set whose labels count in `classes`, which has all of its own. */
const relabel = (dataset: Dataset, classes: readonly string[]): Dataset => ({
  ...dataset,
  classes,
  pictures: dataset.pictures.map((picture) => ({
    ...picture,
    label: classes.indexOf(dataset.classes[picture.label]!),
  })),
});

/** What runs the training, in a few words. */
const describe = ({ name, provider }: Engine): string =>
  name === 'js' ? 'plain TypeScript' : `ONNX Runtime (${provider})`;
