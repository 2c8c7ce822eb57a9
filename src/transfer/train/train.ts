import { basename, join } from 'node:path';
import { type OutputFolder, reasonOf, writeTogether } from '#platform';
import type { Dataset } from '../../classifier/dataset.js';
import { type FitHeadOptions, fitHead } from '../../classifier/fit-head.js';
import type { HeadOptions } from '../../classifier/head.js';
import type { Leakage } from '../../classifier/leakage.js';
import type { Evaluation } from '../../classifier/metrics.js';
import type { StrangerScores } from '../../classifier/strangers.js';
import { findSuspectLabels } from '../../classifier/suspect-labels.js';
import { exportClassifier } from '../../classifier/write-classifier.js';
import type { Engine } from '../../engine/engine.js';
import { ValueError } from '../../errors.js';
import { CSVLogger, LambdaCallback } from '../../keras/callbacks/index.js';
import { RandomState } from '../../keras/random/random-state.js';
import { named, refuseOthers } from '../../named-options.js';
import { describeLeakage } from '../data/describe-leakage.js';
import { describeSuspects, type NamedSuspect, nameSuspects } from '../data/suspects.js';
import { checkReportPlace } from '../evaluate/report/report-target.js';
import type { TrainingRecord } from '../evaluate/report/training-record.js';
import { type PreparationOptions, prepareBackbone } from '../features/preparation.js';
import { encodeNeighbours, neighboursPath } from '../predict/neighbours.js';
import { type Reporter, silent, stoppable } from '../reporter.js';
import { tellReplaced } from '../write-over.js';
import { chooseClasses } from './choose-classes.js';
import { describeNetwork } from './describe-network.js';
import { encodeTrained, noDenseHead } from './encode-trained.js';
import { KeptTraining } from './kept-training.js';
import { backboneLayers } from './keras-classifier.js';
import { learnToTellStrangers, noEnergy, type UnknownOptions } from './learn-strangers.js';
import { loadSplits } from './load-splits.js';
import { measureLeakage } from './measure-leakage.js';
import { targetOf } from './target.js';
import type { TrainingReportOptions } from './training-report.js';

export interface TrainOptions
  extends PreparationOptions,
    HeadOptions,
    UnknownOptions,
    Pick<FitHeadOptions, 'head' | 'folds' | 'keep' | 'prior'> {
  /** Folder with one sub-folder of pictures per class. */
  readonly train: string;
  /** Such a folder to validate on. Default: pictures of `train` are left out in turn, as `folds` says. */
  readonly validation?: string;
  /** The share of each class to hold back instead. Default 0; ignored with `validation`. */
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
  /**
   * Writes the embeddings and paths of the training pictures beside the model, `model.neighbours.npz`, for `why` to find
   * the pictures that an answer is owed to. Default false, as it is personal data where the pictures show people.
   */
  readonly neighbours?: boolean;
  /** Stops at a picture that cannot be used. Default false: it is skipped, and told. */
  readonly strict?: boolean;
  /**
   * Writes `report.html` beside the model: how the answers about pictures that were left out turned out, in pictures.
   * Default false.
   */
  readonly report?: boolean;
  /** Whether the report holds photos. Default true. */
  readonly pictures?: boolean;
  /** 1 draws Keras's progress bar, 2 prints a line an epoch. Default 2. */
  readonly verbose?: 1 | 2;
  /** Ends the job, which then throws the signal's reason and leaves no file. Default: none. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  /** Path of the file. */
  readonly model: string;
  /** The classes, in the order of the probabilities. */
  readonly labels: readonly string[];
  /** ONNX Runtime's execution provider that trained. */
  readonly provider: string;
  /** How the model does on pictures that it was not trained on; `null` where there are none. */
  readonly evaluation: Evaluation | null;
  /** One value an epoch. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epoch whose weights were kept, counted from 1; 0 where there are no dense layers. */
  readonly bestEpoch: number;
  /** The parts that the head has; of several, the mean is taken. */
  readonly head: readonly ('dense' | 'logistic')[];
  /** The temperature: the dense layers' logits are divided by it. */
  readonly temperature: number;
  /** The share of the time that went into leaving pictures out. */
  readonly foldShare: number;
  /** When a picture counts as known, and how well that tells strangers, where some were named; `null`: never asked. */
  readonly unknown: { readonly threshold: number; readonly scores: StrangerScores | null } | null;
  /** Pictures that were left out whose label is probably wrong, the least likely first. */
  readonly suspectLabels: readonly NamedSuspect[];
  /** Validation pictures that training has seen; `null` where pictures were left out in turn. */
  readonly leakage: Leakage | null;
  /** Size of the file. */
  readonly bytes: number;
  /** Path of the report; `null` where none was asked for, or no picture was left out. */
  readonly report: string | null;
}

const noNeighbours =
  'Expected `neighbours` with an .onnx model, which alone is asked why. Received: it with one of the files of Keras. Hint: let `out` end in .onnx.';

/** The name of the report, beside the model. */
const reportName = 'report.html';

/** @throws TypeError for options that are not known */
export function checkTrainNames(options: TrainOptions, callee = 'trainClassifier'): void {
  const {
    train,
    validation,
    validationSplit,
    seed,
    out,
    cache,
    maxPixels,
    workers,
    strict,
    neighbours,
    report,
    pictures,
    verbose,
    signal,
    engine,
    epochs,
    batchSize,
    learningRate,
    schedule,
    hidden,
    views,
    head,
    folds,
    keep,
    prior,
    unknown,
    reject,
    strangers,
    weights,
    alpha,
    size,
    crop,
    noFace,
    outputName,
    inputScaling,
    inputLayout,
    ...others
  } = named(options, callee);
  refuseOthers(others, callee, (probe) => checkTrainNames(probe));
}

/**
 * The main job: a folder of pictures in, a classifier out.
 *
 * Every picture is trained on; how well that does is found by leaving pictures out in turn. Same seed, machine and
 * provider: the same file, byte for byte; Keras's files differ in the dates that they hold.
 */
export async function trainClassifier(
  options: TrainOptions,
  listener: Reporter = silent,
): Promise<TrainResult> {
  checkTrainNames(options);
  const { engine, seed = 0, views = 4, pictures = true, signal } = options;
  signal?.throwIfAborted();
  const reporter = stoppable(listener, signal);
  const began = performance.now();
  const random = new RandomState(seed);
  const chosen = await chooseClasses(options, reporter);
  const target = await targetOf(options.out);
  if (target.format !== 'onnx' && options.head === 'logistic') throw new ValueError(noDenseHead);
  if (options.head === 'article' && options.unknown === 'near') throw new ValueError(noEnergy);
  if (target.format !== 'onnx' && options.neighbours) throw new ValueError(noNeighbours);
  await tellReplaced(target.model, reporter.info);
  if (options.report) {
    await checkReportPlace(join(target.folder, reportName));
    await tellReplaced(join(target.folder, reportName), reporter.info);
  }
  /** What was kept of this training, once it is under way. */
  const states: KeptTraining[] = [];
  const trainedModel = await writeTogether(target.folder, async (output) => {
    const preparation = await prepareBackbone({ ...options, random }, reporter);
    // Keras's files hold dense layers alone.
    const head = target.format === 'onnx' ? options.head : 'article';
    const layers = target.format === 'onnx' ? null : backboneLayers(preparation);
    const { training, validation } = await loadSplits(
      chosen,
      { ...options, views, seed, preparation },
      reporter,
    );

    for (const warning of describeNetwork(preparation.backbone, training.pictures.length))
      reporter.warn(warning);

    const labels = training.classes;
    reporter.info(
      `Training on ${training.pictures.length * views} embeddings${views > 1 ? ` (${views} views of each picture)` : ''} with ${describe(engine)}`,
    );
    const settings = { ...settingsOfHead(options), head, views, seed };
    const kept = await KeptTraining.open(
      target.model,
      { training, validation, preparation, settings },
      reporter,
    );
    states.push(kept);
    const { fitted, foldSeconds, ...found } = await fitHead(
      {
        ...options,
        ...{ head, views, training, validation },
        print: reporter.print,
        warn: reporter.warn,
        callbacks: [
          new CSVLogger({ filename: output.path('history.csv') }),
          new LambdaCallback({ onEpochEnd: () => signal?.throwIfAborted() }),
        ],
        onFold: (done, total) => reporter.progress('Leaving pictures out', { done, total }),
      },
      (name) => kept.part(name),
    );
    const strangers = await learnToTellStrangers(
      training,
      { fitted, ...found },
      { ...options, preparation },
      reporter,
    );

    const { evaluation, history, bestEpoch, leftOut } = found;
    const suspects = findSuspectLabels(leftOut);
    const suspectLabels = nameSuspects(suspects, labels);
    for (const warning of describeSuspects(suspectLabels)) reporter.warn(warning);
    const { info } = preparation.backbone;
    const leakage = validation && (await measureLeakage({ training, validation, leftOut }, { engine, info }));
    for (const warning of leakage ? describeLeakage(leakage, leftOut.length) : []) reporter.warn(warning);
    const trained = { fitted, evaluation, strangers, labels, preparation, layers };
    const bytes = await encodeTrained(trained, target, reporter);
    const { provider } = engine;
    const facts: Omit<TrainResult, 'report'> = {
      model: target.model,
      ...{ labels, provider, evaluation, history, bestEpoch },
      bytes: bytes.length,
      head: [...(fitted.dense ? ['dense' as const] : []), ...(fitted.logistic ? ['logistic' as const] : [])],
      temperature: fitted.dense?.temperature ?? 1,
      foldShare: foldSeconds / ((performance.now() - began) / 1000),
      unknown: strangers && { threshold: strangers.rule.threshold, scores: strangers.scores },
      ...{ suspectLabels, leakage },
    };
    // One of an earlier run would tell of epochs that this one did not have.
    if (!fitted.dense) output.remove('history.csv');
    const skipped = [...new Set([...training.skipped, ...(validation?.skipped ?? [])])];
    await output.write(basename(target.model), bytes);
    const beside = neighboursPath(target.model);
    if (options.neighbours) {
      const { preprocessing } = preparation;
      const { pictures: shown, classes } = training;
      const file = encodeNeighbours({
        pictures: shown,
        classes,
        path: beside,
        preprocessing,
        backbone: info,
      });
      await output.write(basename(beside), file);
      reporter.info(
        `${beside}: ${(file.length / 1e6).toFixed(1)} MB of embeddings and paths of the training pictures, for ort-predict --why. Keep it as carefully as the pictures.`,
      );
    }
    // One of an earlier run is of other pictures, and nobody has asked to keep them.
    else output.remove(basename(beside));
    // Times differ from run to run.
    const { foldShare: _, ...constant } = facts;
    const record = { ...constant, counts: countClasses(training), settings: settingsOf(options, facts) };
    const report =
      options.report && leftOut.length > 0
        ? await writeReport(
            output,
            {
              ...{
                engine,
                record,
                strangers,
                skipped,
                leftOut,
                model: target.model,
                suspectLabels: suspects,
              },
              kind: validation ? 'validation' : 'folds',
              folder: options.validation ?? options.train,
              onnx: layers ? await exportClassifier({ ...trained, head: fitted }) : bytes,
              strangersFolder: options.strangers,
              ...(leakage ? { leakage } : {}),
              ...{ pictures, maxPixels: options.maxPixels, workers: options.workers },
            },
            reporter,
          )
        : null;
    signal?.throwIfAborted();
    // One of an earlier run would show another model's answers.
    if (report === null) output.remove(reportName);
    const result = { ...facts, report };
    await output.write('history.json', `${JSON.stringify({ ...record, report, skipped }, null, 2)}\n`);
    return result;
  });
  // The model is there: nothing is left to go on with.
  for (const kept of states) await kept.remove();
  return trainedModel;
}

/** Writes the report. One that cannot be drawn costs nobody the model. @returns its path, or `null` where there is none */
async function writeReport(
  output: OutputFolder,
  options: TrainingReportOptions,
  reporter: Reporter,
): Promise<string | null> {
  try {
    // Loaded here alone, as it takes time and some runs do without.
    const { makeTrainingReport } = await import('./training-report.js');
    const html = await makeTrainingReport(options, reporter);
    await output.write(reportName, html);
    const path = join(output.folder, reportName);
    const size = (new TextEncoder().encode(html).length / 1e6).toFixed(1);
    reporter.info(`${path}: ${size} MB to look at${options.pictures ? ', photos in it' : ''}`);
    return path;
  } catch (error) {
    reporter.warn(`There is no report: ${reasonOf(error)}`);
    return null;
  }
}
/** Everything that the dense layers' weights depend on, beside the pictures. */
const settingsOfHead = ({
  engine,
  epochs,
  batchSize,
  learningRate,
  schedule,
  hidden,
  folds,
  keep,
  prior,
}: TrainOptions) => ({
  ...{ engine: [engine.name, engine.provider], epochs, batchSize, learningRate, schedule, hidden },
  ...{ folds, keep, prior },
});

/** The engine in a few words. */
const describe = ({ name, provider }: Engine): string =>
  name === 'js' ? 'plain TypeScript' : `ONNX Runtime (${provider})`;

/** The pictures of each class. */
const countClasses = ({ classes, pictures }: Dataset): number[] =>
  classes.map((_, label) => pictures.filter((picture) => picture.label === label).length);

/** The options that made a model as it is, those that were given. */
function settingsOf(
  { train, validation, validationSplit, seed = 0, folds, views = 4, keep, prior, ...options }: TrainOptions,
  { head }: Pick<TrainResult, 'head'>,
): TrainingRecord['settings'] {
  const { unknown, reject, strangers, epochs, batchSize, learningRate, schedule, hidden } = options;
  const held =
    validation === undefined && !validationSplit ? { folds } : { validation, validationSplit, keep };
  const dense = head.includes('dense') ? { epochs, batchSize, learningRate, schedule, hidden } : {};
  const all = { train, ...held, seed, views, ...dense, prior, unknown, reject, strangers };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as TrainingRecord['settings'];
}
