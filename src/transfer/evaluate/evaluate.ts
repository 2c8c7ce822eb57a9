import { compareClasses, readModel } from '#platform';
import { calibrationOf } from '../../classifier/calibration.js';
import { TrainingError } from '../../classifier/head.js';
import { readMetadata } from '../../classifier/metadata.js';
import { type Evaluation, evaluatePredictions } from '../../classifier/metrics.js';
import { OnnxFormatError } from '../../graph/onnx-format-error.js';
import { named, refuseOthers } from '../../named-options.js';
import { describeFaceless } from '../data/faceless.js';
import { checkLost, checkStrict, listClasses, relabel, reportSkipped } from '../data/list-classes.js';
import { refuseSplits } from '../data/splits.js';
import { type ClassifyFilesOptions, classifyFiles } from '../predict/classify-files.js';
import { type Reporter, silent, stoppable } from '../reporter.js';

export interface EvaluateOptions extends Omit<ClassifyFilesOptions, 'allFaces' | 'save' | 'explain'> {
  /** Folder with one sub-folder of pictures per class. */
  readonly folder: string;
  /** Stops at a picture that cannot be used. Default false. */
  readonly strict?: boolean;
  /** Ends the job, which then throws the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
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
    signal,
    ...others
  } = named(given, 'evaluateClassifier');
  refuseOthers(others, 'evaluateClassifier', (probe) => evaluateClassifier(probe, listener));
  const reporter = stoppable(listener, signal);
  const options = { model, engine, maxPixels, reject, workers };
  const { labels, backbone } = readMetadata(await readModel(options.model));
  const found = await listClasses(folder, { strict }, reporter);
  refuseSplits(found, ({ train, held = train }) => `name one of them, like ${held}.`);
  for (const warning of [...found.warnings, ...compareClasses(labels, found.classes, folder)])
    reporter.warn(warning);
  const { images: known } = relabel(found, labels);
  if (known.length === 0)
    throw new TrainingError(
      `Expected classes that the model knows, like '${labels[0]}'. Received: ${found.classes.map((name) => `'${name}'`).join(', ')} in ${folder}.`,
    );
  const predictions: { label: number; probabilities: Float32Array }[] = [];
  const verdicts: boolean[] = [];
  const skipped: { path: string; reason: string }[] = [];
  const paths = known.map(({ path }) => path);
  let done = 0;
  let faceless = 0;
  for await (const file of classifyFiles(paths, options)) {
    const { label } = known[done] ?? { label: -1 };
    if ('error' in file) {
      // A fault of the model is none of the picture.
      if (file.error instanceof OnnxFormatError) throw file.error;
      skipped.push({ path: file.path, reason: file.error.message });
    } else
      for (const { probabilities, lacksFace, stranger } of file.results.slice(0, 1)) {
        predictions.push({ label, probabilities });
        if (lacksFace) faceless++;
        if (stranger) verdicts.push(stranger.known);
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
  const evaluation = {
    ...evaluatePredictions(labels, predictions),
    calibration: calibrationOf(predictions),
  };
  if (verdicts.length === 0) return evaluation;
  return { ...evaluation, unknown: verdicts.filter((known) => !known).length };
}
