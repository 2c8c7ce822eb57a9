/** The work of one thread of `classifyFiles`. */
import { openEngine, readPicture, reasonOf, sha256 } from '#platform';
import { ExplainError } from '../../classifier/explain.js';
import type { ModelMetadata } from '../../classifier/metadata.js';
import type { ClassifyItem, ClassifySetup, FileResult } from './classify-protocol.js';
import { FileClassifier } from './load-classifier.js';
import type { Neighbours } from './neighbours.js';

/** Called by the pool in each thread. */
export async function start(setup: ClassifySetup): Promise<(item: ClassifyItem) => Promise<FileResult[]>> {
  const classifier = await FileClassifier.load(
    setup.model,
    await openEngine({ threads: 1, ...setup.engine }),
    { embeds: setup.embeds || setup.why },
  );
  if (setup.explain && !classifier.explains)
    throw new ExplainError(
      `Expected a model that tells where it looked. Received: ${setup.model}, which does not. Hint: \`publishModel\` with \`explain\` makes one.`,
    );
  const { maxPixels, allFaces, reject, unknown } = setup;
  // Told once, rather than of each picture.
  classifier.ruleFor({ unknown, reject });
  const neighbours = setup.why ? await loadNeighbours(setup.model, classifier.metadata) : null;
  return async ({ path, bytes, saveAs }) => {
    const options = { maxPixels, allFaces, reject, unknown };
    const picture = bytes ?? (await readPicture(path));
    const { image, results } = await classifier.classify(picture, options);
    const content = setup.embeds ? await sha256(picture) : '';
    const found = results.map((result): FileResult => {
      const { embedding } = result;
      return {
        ...classifier.describe(result, options),
        ...(setup.embeds && embedding ? { embedded: { embedding, content } } : {}),
        ...(neighbours && embedding ? { neighbours: neighbours.nearest(embedding) } : {}),
      };
    });
    const heatmaps = setup.explain ? results.flatMap(({ heatmap }) => heatmap ?? []) : [];
    if (saveAs === null) return found;
    // A thread that draws nothing starts much faster without the library.
    const { saveLabelled } = await import('./draw.js');
    await saveLabelled(image, found, saveAs, { heatmaps, maxPixels }).catch((cause) => {
      throw new Error(`Expected to save ${saveAs}. Received: ${reasonOf(cause)}.`, { cause });
    });
    return found;
  };
}

/** Loaded late: threads start faster without. */
async function loadNeighbours(model: string, metadata: ModelMetadata): Promise<Neighbours> {
  const { Neighbours } = await import('./neighbours.js');
  return Neighbours.load(model, metadata);
}
