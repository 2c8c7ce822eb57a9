import { compareClasses, findImages, isWorthTelling, openEngine, readModel } from '#platform';
import { calibrationOf } from '../../classifier/calibration.js';
import { TrainingError } from '../../classifier/head.js';
import { type Compared, findLeaked, tellsThings, withAccuracy } from '../../classifier/leakage.js';
import { type ModelMetadata, readMetadata } from '../../classifier/metadata.js';
import { argMax, type Evaluation, evaluatePredictions } from '../../classifier/metrics.js';
import { compareScores, type StrangerRule, withReject } from '../../classifier/strangers.js';
import { ValueError } from '../../errors.js';
import { OnnxFormatError } from '../../graph/onnx-format-error.js';
import { named, refuseOthers } from '../../named-options.js';
import { describeFaceless } from '../data/faceless.js';
import { checkLost, checkStrict, listClasses, relabel, reportSkipped } from '../data/list-classes.js';
import { refuseSplits } from '../data/splits.js';
import { type ClassifyFilesOptions, classifyFiles } from '../predict/classify-files.js';
import { type Reporter, silent, stoppable } from '../reporter.js';
import { tellReplaced } from '../write-over.js';
import type { Answer } from './report/report.js';
import { checkReportPath } from './report/report-target.js';
import { hashFiles, readTraining } from './training-pictures.js';

export interface EvaluateOptions
  extends Omit<ClassifyFilesOptions, 'allFaces' | 'save' | 'explain' | 'unknown' | 'why' | 'embeds'> {
  /** Folder with one sub-folder of pictures per class. */
  readonly folder: string;
  /**
   * Folder of the pictures that the model was trained on, to tell how it does on those that training has not seen.
   * Default: nothing is told of that.
   */
  readonly train?: string;
  /** Stops at a picture that cannot be used. Default false. */
  readonly strict?: boolean;
  /** Ends the job, which then throws the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
  /** Folder of pictures of other things, to measure how well these are told. Default: none. */
  readonly strangers?: string;
  /** Path of an HTML file that shows the answers: `renderReport` says how. Default: none is written. */
  readonly report?: string;
  /** Whether the report holds photos. Default true. */
  readonly pictures?: boolean;
}

/** How an exported model does on a folder of classes. Classes that it does not know are left out, with a warning. */
export async function evaluateClassifier(
  given: EvaluateOptions,
  listener: Reporter = silent,
): Promise<Evaluation> {
  const {
    folder,
    strict = false,
    model,
    engine,
    maxPixels,
    reject,
    workers,
    train,
    signal,
    strangers,
    report,
    pictures = true,
    ...others
  } = named(given, 'evaluateClassifier');
  refuseOthers(others, 'evaluateClassifier', (probe) => evaluateClassifier(probe, listener));
  const reporter = stoppable(listener, signal);
  if (report !== undefined) {
    await checkReportPath(report);
    await tellReplaced(report, reporter.info);
  }
  const metadata = readMetadata(await readModel(model));
  const { labels, backbone } = metadata;
  const rule = strangers === undefined ? null : ruleOf(metadata, { model, reject });
  const looks = train !== undefined && backbone !== undefined && tellsThings(backbone);
  const options = { model, engine, maxPixels, reject, workers };
  const found = await listClasses(folder, { strict }, reporter);
  refuseSplits(found, ({ train, held = train }) => `name one of them, like ${held}.`);
  for (const warning of [...found.warnings, ...compareClasses(labels, found.classes, folder)])
    reporter.warn(warning);
  const { images: known } = relabel(found, labels);
  if (known.length === 0)
    throw new TrainingError(
      `Expected classes that the model knows, like '${labels[0]}'. Received: ${found.classes.map((name) => `'${name}'`).join(', ')} in ${folder}.`,
    );
  const predictions: Answer[] = [];
  const held: Compared[] = [];
  const scores: number[] = [];
  const skipped: { path: string; reason: string }[] = [];
  const paths = known.map(({ path }) => path);
  let done = 0;
  let faceless = 0;
  for await (const file of classifyFiles(paths, { ...options, embeds: looks })) {
    const { label } = known[done] ?? { label: -1 };
    if ('error' in file) {
      // A fault of the model is none of the picture.
      if (file.error instanceof OnnxFormatError) throw file.error;
      skipped.push({ path: file.path, reason: file.error.message });
    } else
      for (const { probabilities, lacksFace, stranger, embedded } of file.results.slice(0, 1)) {
        const { path } = file;
        predictions.push({
          ...{ path, label, probabilities },
          ...(stranger ? { known: stranger.known } : {}),
        });
        if (embedded) held.push({ path, ...embedded });
        if (lacksFace) faceless++;
        if (stranger) scores.push(stranger.score);
      }
    reporter.progress('Evaluating', { done: ++done, total: known.length });
  }
  const faces = { looked: predictions.length, faceless };
  for (const warning of describeFaceless(faces, { folder, weights: backbone?.weights }))
    reporter.warn(warning);
  reportSkipped(skipped, reporter);
  checkStrict(skipped, strict);
  if (predictions.length === 0)
    throw new TrainingError(`Expected pictures to evaluate in ${folder}. Received: none that can be used.`);
  checkLost({ folder, classes: labels, images: known }, predictions);
  const strange =
    strangers === undefined ? null : await scoreFolder(strangers, { ...options, strict }, reporter);
  const answers = predictions.map(({ path, label, probabilities }) => ({
    path,
    isRight: argMax(probabilities) === label,
  }));
  const leakage =
    train === undefined
      ? null
      : withAccuracy(
          await findLeaked(
            looks ? held : await hashFiles(answers, reporter),
            await readTraining(train, { ...options, strict, embeds: looks }, reporter),
            await openEngine(engine),
          ),
          answers,
        );
  const evaluation: Evaluation = {
    ...evaluatePredictions(labels, predictions),
    calibration: calibrationOf(predictions),
    ...(scores.length === 0 ? {} : { unknown: predictions.filter(({ known }) => known === false).length }),
    ...(faceless > 0 ? { noFace: faceless } : {}),
    ...(strange && rule
      ? {
          strangers: compareScores(
            rule.threshold,
            scores,
            strange.map(({ score }) => score),
          ),
        }
      : {}),
    ...(leakage ? { leakage } : {}),
  };
  if (report !== undefined) {
    // Loaded here alone, as it takes time and most runs do without.
    const { writeEvaluation } = await import('./report/write-report.js');
    await writeEvaluation(
      {
        ...{ path: report, pictures, folder, options, metadata, answers: predictions },
        ...{ scores, strange, strangers, skipped: [...found.passedOver, ...skipped] },
        ...(leakage ? { leakage } : {}),
      },
      reporter,
    );
  }
  return evaluation;
}

/** How a model tells strangers. @throws ValueError where it does not */
function ruleOf(
  { strangers }: ModelMetadata,
  { model, reject }: Pick<EvaluateOptions, 'model' | 'reject'>,
): StrangerRule {
  if (strangers && reject !== 0) return reject === undefined ? strangers : withReject(strangers, reject);
  throw new ValueError(
    `Expected a model that tells \`strangers\`. Received: ${model}, ${strangers ? 'with `reject` 0' : 'which takes every picture for one of its classes'}.`,
  );
}

/** The scores of all pictures of a folder, whatever its sub-folders are called. */
async function scoreFolder(
  folder: string,
  { strict, ...options }: ClassifyFilesOptions & { strict: boolean },
  reporter: Reporter,
): Promise<{ path: string; score: number }[]> {
  const { paths, skipped: passedOver } = await findImages(folder);
  const skipped = passedOver.filter(isWorthTelling);
  const scores: { path: string; score: number }[] = [];
  let done = 0;
  for await (const file of classifyFiles(paths, options)) {
    if ('error' in file) {
      if (file.error instanceof OnnxFormatError) throw file.error;
      skipped.push({ path: file.path, reason: file.error.message });
    } else
      for (const { stranger } of file.results.slice(0, 1))
        if (stranger) scores.push({ path: file.path, score: stranger.score });
    reporter.progress('Looking at strangers', { done: ++done, total: paths.length });
  }
  reportSkipped(skipped, reporter);
  checkStrict(skipped, strict);
  if (scores.length === 0)
    throw new TrainingError(
      `Expected pictures of other things in ${folder}. Received: none that can be used.`,
    );
  return scores;
}
