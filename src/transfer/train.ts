import { join } from 'node:path';
import type { Engine } from '../engine/engine.js';
import type { Tensor } from '../graph/tensor.js';
import { compareClasses, listImages } from '../images/folder.js';
import { CSVLogger, TerminateOnNaN } from '../keras/callbacks/index.js';
import { setRandomSeed } from '../keras/global-random.js';
import { Dense } from '../keras/layers/dense.js';
import { Input } from '../keras/layers/input.js';
import { Sequential } from '../keras/models/sequential.js';
import { PolynomialDecay, RMSprop } from '../keras/optimizers/index.js';
import { writeFile } from '../platform/node/files.js';
import { BestWeights } from './best-weights.js';
import { type Dataset, loadDataset, splitDataset, toArrays } from './data.js';
import { exportClassifier } from './export.js';
import { type Evaluation, evaluatePredictions } from './metrics.js';
import { type Preparation, type PreparationOptions, prepare } from './preparation.js';
import type { Reporter } from './reporter.js';

export interface TrainOptions extends PreparationOptions {
  /** Folder with one sub-folder of pictures per class. */
  readonly train: string;
  /** Such a folder to validate on; else a share of `train` is held back. */
  readonly validation?: string;
  /** The share of each class to hold back. Default 0.2; ignored with `validation`. */
  readonly validationSplit?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  /** At the beginning. Default 0.001. */
  readonly learningRate?: number;
  /** How the learning rate goes on: in a straight line to 0 at the end, or as it began. Default `'linear'`. */
  readonly schedule?: 'linear' | 'constant';
  /** Units of the hidden layers. */
  readonly hidden?: readonly number[];
  readonly views?: number;
  readonly seed?: number;
  readonly engine: Engine;
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

/** A run that cannot lead to a model. */
export class TrainingError extends Error {
  override name = 'TrainingError';
}

/**
 * The main job: a folder of pictures in, a classifier out.
 *
 * The best epoch's weights are kept. Same seed, machine and provider: the same file, byte for
 * byte.
 */
export async function trainClassifier(options: TrainOptions, reporter: Reporter): Promise<TrainResult> {
  const { engine, out, seed = 0, views = 4, batchSize = 16, hidden = [1024, 512, 512], epochs = 5 } = options;
  setRandomSeed(seed);
  const preparation = await prepare(options, reporter);
  const { training, validation } = await loadData(options, preparation, reporter);
  const labels = training.classes;

  const { x, y } = toArrays(training, views);
  const head = new Sequential(
    [
      Input({ shape: [preparation.backbone.features] }),
      ...hidden.map((units) => new Dense({ units, activation: 'relu' as const })),
      new Dense({ units: labels.length, activation: 'softmax' }),
    ],
    { name: 'head' },
  );
  head.compile({
    optimizer: new RMSprop({
      learningRate: learningRateOf(options, Math.ceil(x.dims[0]! / batchSize) * epochs),
    }),
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    engine,
  });
  reporter.info(
    `Training on ${x.dims[0]} embeddings${views > 1 ? ` (${views} views of each picture)` : ''} with ${describe(engine)}`,
  );
  const best = new BestWeights();
  const held = validation && toArrays(validation, 1);
  const { history } = await head.fit(x, y, {
    batchSize,
    epochs,
    verbose: options.verbose ?? 2,
    print: reporter.print,
    warn: reporter.warn,
    validationData: held && [held.x, held.y],
    callbacks: [best, new TerminateOnNaN(), new CSVLogger({ filename: join(out, 'history.csv') })],
  });
  checkFinite(history);

  const evaluation = held && validation ? evaluateHead(labels, await head.predict(held.x, { verbose: 0 }), validation) : null;
  await head.release();
  const bytes = exportClassifier({ head, preparation, labels, evaluation });
  const result: TrainResult = {
    model: join(out, 'model.onnx'),
    labels,
    provider: engine.provider,
    evaluation,
    history,
    bestEpoch: best.epoch + 1,
    bytes: bytes.length,
  };
  await writeFile(result.model, bytes);
  const skipped = [...new Set([...training.skipped, ...(validation?.skipped ?? [])])];
  await writeFile(join(out, 'history.json'), `${JSON.stringify({ ...result, skipped }, null, 2)}\n`);
  return result;
}

/**
 * RMSprop at a constant rate ends wherever its last spike left it. Falling to zero, it settles: on 300 photos of
 * waste in 6 classes, from about 73% to 85%.
 */
function learningRateOf({ learningRate = 0.001, schedule = 'linear' }: TrainOptions, decaySteps: number) {
  if (schedule === 'constant') return learningRate;
  return new PolynomialDecay({ initialLearningRate: learningRate, decaySteps, endLearningRate: 0 });
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

function evaluateHead(
  labels: readonly string[],
  { data }: Tensor<'float32'>,
  { pictures }: Dataset,
): Evaluation {
  const width = labels.length;
  return evaluatePredictions(
    labels,
    pictures.map(({ label }, i) => ({ label, probabilities: data.subarray(i * width, (i + 1) * width) })),
  );
}

/** @throws TrainingError when the loss became infinite or no number: such weights are worth nothing. */
function checkFinite(history: Readonly<Record<string, readonly number[]>>): void {
  const epoch = history.loss?.findIndex((loss) => !Number.isFinite(loss)) ?? -1;
  if (epoch >= 0)
    throw new TrainingError(
      `Expected the loss to stay finite. Received: ${history.loss![epoch]} in epoch ${epoch + 1}. Hint: lower the learning rate.`,
    );
}

/** What runs the training, in a few words. */
const describe = ({ name, provider }: Engine): string =>
  name === 'js' ? 'plain TypeScript' : `ONNX Runtime (${provider})`;
