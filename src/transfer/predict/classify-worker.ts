/** The work of one thread of `classifyFiles`. */
import { openEngine, readPicture, reasonOf, sha256 } from '#platform';
import { ExplainError } from '../../classifier/explain.js';
import type { ClassifyItem, ClassifySetup, FileResult } from './classify-protocol.js';
import { FileClassifier } from './load-classifier.js';

/** Called by the pool in each thread. */
export async function start(setup: ClassifySetup): Promise<(item: ClassifyItem) => Promise<FileResult[]>> {
  const classifier = await FileClassifier.load(
    setup.model,
    await openEngine({ threads: 1, ...setup.engine }),
    { embeds: setup.embeds },
  );
  if (setup.explain && !classifier.explains)
    throw new ExplainError(
      `Expected a model that tells where it looked. Received: ${setup.model}, which does not. Hint: \`publishModel\` with \`explain\` makes one.`,
    );
  const { maxPixels, allFaces, reject } = setup;
  return async ({ path, bytes, saveAs }) => {
    const options = { maxPixels, allFaces, reject };
    const picture = bytes ?? (await readPicture(path));
    const { image, results } = await classifier.classify(picture, options);
    const content = setup.embeds ? await sha256(picture) : '';
    const found = results.map((result): FileResult => {
      const { embedding } = result;
      return { ...classifier.describe(result), ...(embedding ? { embedded: { embedding, content } } : {}) };
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
