import type { RandomState } from '../keras/random/random-state.js';
import type { Dataset, LabelledPicture } from './dataset.js';

/** A data set in two parts: pictures to train on, and pictures that are left out. */
export interface Fold {
  readonly training: Dataset;
  readonly held: Dataset;
}

/**
 * Parts a data set so that each picture, with all its views, is left out of training exactly once.
 *
 * Every class is dealt out in turn, so that the folds have as equal a share of it as can be. Pictures of the same
 * content stay together. A class of one picture is in training always, since without it there is nothing to learn of
 * it: then that picture is left out of none.
 *
 * @param count at least 2; fewer folds come back where there are fewer pictures
 */
export function stratifiedFolds(dataset: Dataset, count: number, random: RandomState): Fold[] {
  const foldOf = new Map<LabelledPicture, number>();
  let next = 0;
  for (const label of dataset.classes.keys()) {
    const groups = groupByContent(dataset, label);
    if (groups.length < 2) continue;
    for (const group of random.permutation(groups)) {
      for (const picture of group) foldOf.set(picture, next);
      next = (next + 1) % count;
    }
  }
  const part = (keep: (picture: LabelledPicture) => boolean): Dataset => ({
    ...dataset,
    pictures: dataset.pictures.filter(keep),
  });
  return Array.from({ length: count }, (_, fold) => ({
    training: part((picture) => foldOf.get(picture) !== fold),
    held: part((picture) => foldOf.get(picture) === fold),
  })).filter(({ held }) => held.pictures.length > 0);
}

function groupByContent({ pictures }: Dataset, label: number): LabelledPicture[][] {
  const groups = new Map<string, LabelledPicture[]>();
  for (const picture of pictures) {
    if (picture.label !== label) continue;
    const group = groups.get(picture.content);
    if (group) group.push(picture);
    else groups.set(picture.content, [picture]);
  }
  return [...groups.values()];
}
