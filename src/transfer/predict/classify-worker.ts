/** What one thread of `classifyFiles` does. */
import { openEngine, readPicture, reasonOf } from '#platform';
import { Classifier, type Prediction } from '../../classifier/classify.js';
import { ExplainError } from '../../classifier/explain.js';
import type { ClassifyFilesOptions } from './classify-files.js';

export type ClassifySetup = Omit<ClassifyFilesOptions, 'workers'>;

export interface ClassifyItem {
  readonly path: string;
  /** Where the labelled picture goes. */
  readonly saveAs: string | null;
}

/** One picture, or one face in it. */
export interface FileResult {
  /** In the order of the labels. */
  readonly probabilities: Float32Array;
  /** All classes, the likeliest first. */
  readonly predictions: readonly Prediction[];
  /** The face's box in pixels: left, top, right, bottom. */
  readonly box: readonly [number, number, number, number] | null;
}

/** Called by the pool in each thread. */
export async function start(setup: ClassifySetup): Promise<(item: ClassifyItem) => Promise<FileResult[]>> {
  const classifier = await Classifier.load(setup.model, await openEngine({ threads: 1, ...setup.engine }));
  if (setup.explain && !classifier.explains)
    throw new ExplainError(
      `Expected a model that tells where it looked. Received: ${setup.model}, which does not. Hint: 'ort-transfer export --explain' makes one.`,
    );
  const count = classifier.metadata.labels.length;
  return async ({ path, saveAs }) => {
    const { image, results } = await classifier.classify(await readPicture(path), setup);
    const found = results.map(({ probabilities, face }): FileResult => {
      const { left, top, right, bottom } = face?.box ?? {};
      return {
        probabilities,
        predictions: classifier.top(probabilities, count),
        box: left === undefined ? null : [left, top!, right!, bottom!],
      };
    });
    const heatmaps = setup.explain ? results.flatMap(({ heatmap }) => heatmap ?? []) : [];
    if (saveAs === null) return found;
    // A thread that draws nothing starts much faster without the library.
    const { saveLabelled } = await import('./draw.js');
    await saveLabelled(image, found, saveAs, { heatmaps }).catch((cause) => {
      throw new Error(`Expected to save ${saveAs}. Received: ${reasonOf(cause)}.`, { cause });
    });
    return found;
  };
}
