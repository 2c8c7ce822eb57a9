/** The work of one thread of a loaded classifier. */
import { openEngine, readPicture } from '#platform';
import type { AnswerSetup, Found, Question } from './answer-protocol.js';
import { FileClassifier } from './load-classifier.js';

/** Called by the pool in each thread, or in the thread of the caller where a bundle has no others. */
export async function start({ model, engine }: AnswerSetup): Promise<(question: Question) => Promise<Found>> {
  const opened = await openEngine(engine);
  const classifier = await FileClassifier.load(model, opened);
  // Few ask for features: those who do not need no second session.
  let embedder: Promise<FileClassifier> | undefined;
  return async ({ picture, embeds, maxPixels, allFaces, reject }) => {
    const read = typeof picture === 'string' ? await readPicture(picture) : picture;
    if (embeds) {
      embedder ??= FileClassifier.load(model, opened, { embeds: true });
      const embedding = await (await embedder).embed(read, { maxPixels });
      return { embedding, width: 0, height: 0, results: [] };
    }
    const { image, results } = await classifier.classify(read, { maxPixels, allFaces, reject });
    const { width, height } = image;
    return {
      embedding: null,
      width,
      height,
      results: results.map((result) => classifier.describe(result, { reject })),
    };
  };
}
