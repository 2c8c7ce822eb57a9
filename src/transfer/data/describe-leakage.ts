import type { Leakage } from '../../classifier/leakage.js';

/**
 * Says how many pictures to test on probably show the same thing as a training picture, and how the model does without.
 *
 * @param leakage of `samples` pictures
 * @returns a sentence, where there are some
 */
export function describeLeakage({ count, pairs, without }: Leakage, samples: number): string[] {
  const [first] = pairs;
  if (!first) return [];
  const share = without
    ? `the accuracy without them is ${(without.accuracy * 100).toFixed(1)}% (${without.samples} photos)`
    : 'no photo is left without them';
  return [
    `${pairs.length} of ${samples} photos ${pairs.length === 1 ? 'is a copy of a training photo, or probably shows' : 'are copies of training photos, or probably show'} the same thing (${count} ${count === 1 ? 'pair' : 'pairs'}, like ${first.a} and ${first.b}): ${share}.`,
  ];
}

/** Says that embeddings cannot tell which pictures show the same thing. */
export const describeAlike = (median: number): string =>
  `The pictures look too much alike to these weights to tell by them which show the same thing: half of all pairs have a cosine above ${median.toFixed(2)}.`;
