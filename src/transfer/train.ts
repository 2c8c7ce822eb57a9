import { join } from 'node:path';
import type { Engine } from '../engine/engine.js';
import { compareClasses, listImages } from '../images/folder.js';
import { CSVLogger } from '../keras/callbacks/index.js';
import { setRandomSeed } from '../keras/global-random.js';
import { writeFile } from '../platform/node/files.js';
import { loadDataset } from './data.js';
import { type Dataset, splitDataset } from './dataset.js';
import { exportClassifier } from './export.js';
import { type HeadOptions, TrainingError, trainHead } from './head.js';
import type { Evaluation } from './metrics.js';
import { type Preparation, type PreparationOptions, prepare } from './preparation.js';
import type { Reporter } from './reporter.js';

export interface TrainOptions extends PreparationOptions, HeadOptions {
  /** Folder with one sub-folder of pictures per class. */
  readonly train: string;
  /** Such a folder to validate on; else a share of `train` is held back. */
  readonly validation?: string;
  /** The share of each class to hold back. Default 0.2; ignored with `validation`. */
  readonly validationSplit?: number;
  readonly seed?: number;
  /** Folder for `model.onnx`, `history.csv` and `history.json`. */
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
 * The best epoch's weights are kept. Same seed, machine and provider: the same file, byte for
 * byte.
 */
export async function trainClassifier(options: TrainOptions, reporter: Reporter): Promise<TrainResult> {
  const { engine, out, seed = 0, views = 4 } = options;
  setRandomSeed(seed);
  const preparation = await prepare(options, reporter);
  const { training, validation } = await loadData(options, preparation, reporter);
  const labels = training.classes;

  reporter.info(
    `Training on ${training.pictures.length * views} embeddings${views > 1 ? ` (${views} views of each picture)` : ''} with ${describe(engine)}`,
  );
  const { head, evaluation, history, bestEpoch } = await trainHead({
    ...options,
    views,
    training,
    validation,
    print: reporter.print,
    warn: reporter.warn,
    callbacks: [new CSVLogger({ filename: join(out, 'history.csv') })],
  });
  const bytes = exportClassifier({ head, preparation, labels, evaluation });
  const result: TrainResult = {
    model: join(out, 'model.onnx'),
    labels,
    provider: engine.provider,
    evaluation,
    history,
    bestEpoch,
    bytes: bytes.length,
  };
  await writeFile(result.model, bytes);
  const skipped = [...new Set([...training.skipped, ...(validation?.skipped ?? [])])];
  await writeFile(join(out, 'history.json'), `${JSON.stringify({ ...result, skipped }, null, 2)}\n`);
  return result;
}

async function loadData(
  options: TrainOptions,
  preparation: Preparation,
  reporter: Reporter,
): Promise<{ training: Dataset; validation: Dataset | null }> {
  const { validationSplit = 0.2, seed = 0 } = options;
  const load = { ...options, preparation };
  const all = await loadDataset(options.train, load, reporter);
  if (all.classes.length < 2)
    throw new TrainingError(
      `Expected at least 2 classes. Received: only '${all.classes[0]}' in ${options.train}. Hint: add a folder with pictures of something else.`,
    );
  if (options.validation === undefined) {
    if (validationSplit <= 0) return { training: all, validation: null };
    const [training, held] = splitDataset(all, validationSplit, seed);
    reporter.info(`Holding back ${held.pictures.length} pictures for validation`);
    return { training, validation: held.pictures.length > 0 ? held : null };
  }
  const { classes } = await listImages(options.validation);
  for (const warning of compareClasses(all.classes, classes)) reporter.warn(warning);
  const known = all.classes.filter((name) => classes.includes(name));
  if (known.length === 0)
    throw new TrainingError(
      `Expected classes of ${options.train} in ${options.validation}, like '${all.classes[0]}'. Received: ${classes.map((name) => `'${name}'`).join(', ')}.`,
    );
  const validation = await loadDataset(options.validation, { ...load, views: 1, classes: known }, reporter);
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
