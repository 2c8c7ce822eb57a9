import { compareClasses, isWorthTelling, listImages, readModel } from '#platform';
import { TrainingError } from '../../classifier/head.js';
import { readMetadata } from '../../classifier/metadata.js';
import { type Evaluation, evaluatePredictions } from '../../classifier/metrics.js';
import { reportPassedOver, reportSkipped, StrictError } from '../data/load-dataset.js';
import { type ClassifyFilesOptions, classifyFiles } from '../predict/classify-files.js';
import type { Reporter } from '../reporter.js';

export interface EvaluateOptions extends Omit<ClassifyFilesOptions, 'allFaces' | 'save' | 'explain'> {
  /** Folder with one sub-folder of pictures per class. */
  readonly folder: string;
  readonly strict?: boolean;
}

/** How an exported model does on a folder of classes. Classes that it does not know are left out, with a warning. */
export async function evaluateClassifier(
  { folder, strict = false, ...options }: EvaluateOptions,
  reporter: Reporter,
): Promise<Evaluation> {
  const { labels } = readMetadata(await readModel(options.model));
  const { classes, images, warnings, ...found } = await listImages(folder);
  const passedOver = found.skipped.filter(isWorthTelling);
  reportPassedOver(passedOver, reporter);
  for (const warning of [...warnings, ...compareClasses(labels, classes, folder)]) reporter.warn(warning);
  const known = images.filter(({ label }) => labels.includes(classes[label]!));
  if (known.length === 0)
    throw new TrainingError(
      `Expected classes that the model knows, like '${labels[0]}'. Received: ${classes.map((name) => `'${name}'`).join(', ')} in ${folder}.`,
    );
  if (strict && passedOver.length > 0) throw new StrictError(passedOver);
  const predictions: { label: number; probabilities: Float32Array }[] = [];
  const skipped: { path: string; reason: string }[] = [];
  let done = 0;
  for await (const file of classifyFiles(
    known.map(({ path }) => path),
    options,
  )) {
    const label = labels.indexOf(classes[known[done]!.label]!);
    if ('error' in file) skipped.push({ path: file.path, reason: file.error.message });
    else predictions.push({ label, probabilities: file.results[0]!.probabilities });
    reporter.progress('Evaluating', { done: ++done, total: known.length });
  }
  reportSkipped(skipped, reporter);
  if (strict && skipped.length > 0) throw new StrictError(skipped);
  return evaluatePredictions(labels, predictions);
}
