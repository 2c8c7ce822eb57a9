import type { Dataset } from '../../classifier/dataset.js';

/** How many times the pictures of the smallest class the largest may have without a word. */
const most = 3;

/**
 * Warns of a class with few pictures beside others. Of classes of 5 and of 50 pictures (waste, ImageNet
 * weights), a third and 94% were recognised. Class weights changed neither: embeddings of so few pictures are learned
 * by heart, whatever they weigh; so there is no option for them. Taking the classes' shares out of the answers helps.
 *
 * @param prior whether that is done already
 * @returns a sentence, where it is so
 */
export function describeImbalance({ classes, pictures }: Dataset, prior: 'data' | 'flat' = 'data'): string[] {
  const counts = classes
    .map((name, label) => ({ name, count: pictures.filter((picture) => picture.label === label).length }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.count - b.count);
  const [smallest, largest] = [counts[0], counts.at(-1)];
  if (!smallest || !largest || largest.count <= most * smallest.count) return [];
  const advice =
    prior === 'data' ? ', and so does --prior flat, which favours no class for its many pictures' : '';
  return [
    `The class '${largest.name}' has ${largest.count} pictures, '${smallest.name}' has ${smallest.count}: classes with few are recognised less. Hint: more pictures of these help${advice}.`,
  ];
}
