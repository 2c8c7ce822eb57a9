import type { TrainingClass } from './studio-protocol.js';
import { count } from './studio-report.js';

/**
 * Says how the pictures differ from those that a model was trained on; undefined where they do not.
 *
 * A class that has another name and the same pictures was renamed.
 */
export function describeStale(
  trained: readonly TrainingClass[],
  now: readonly TrainingClass[],
): string | undefined {
  const before = placesOf(trained);
  const after = placesOf(now);
  const added = [...after].filter((place) => !before.has(place)).length;
  const removed = [...before].filter((place) => !after.has(place)).length;
  const renamed = added === removed && added > 0 && samePictures(trained, now);
  const changes = renamed
    ? ['classes were renamed']
    : [...(added > 0 ? [`${were(added)} added`] : []), ...(removed > 0 ? [`${were(removed)} removed`] : [])];
  return changes.length > 0 ? `${changes.join(' and ')} since it was trained` : undefined;
}

const were = (number: number): string => `${count(number, 'picture')} ${number === 1 ? 'was' : 'were'}`;

/** A picture in a class of a name. */
const placesOf = (classes: readonly TrainingClass[]): Set<string> =>
  new Set(classes.flatMap(({ name, pictures }) => pictures.map((content) => `${content} ${name.trim()}`)));

const samePictures = (a: readonly TrainingClass[], b: readonly TrainingClass[]): boolean => {
  const contents = (classes: readonly TrainingClass[]) =>
    classes.map(({ pictures }) => pictures.toSorted().join()).toSorted();
  return contents(a).join('|') === contents(b).join('|');
};
