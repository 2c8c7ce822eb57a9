import type { SuspectLabel } from '../../classifier/suspect-labels.js';

/** A picture whose label is probably wrong, with classes by their names. */
export interface NamedSuspect {
  readonly path: string;
  /** The class that it is labelled as. */
  readonly given: string;
  /** How likely that class is to a head that was not trained on the picture, from 0 to 1. */
  readonly probability: number;
  /** The likeliest class. */
  readonly likely: string;
}

/** Gives the classes of suspects their names. */
export const nameSuspects = (suspects: readonly SuspectLabel[], classes: readonly string[]): NamedSuspect[] =>
  suspects.map(({ path, given, probability, likely }) => ({
    path,
    given: classes[given] ?? '',
    probability,
    likely: classes[likely] ?? '',
  }));

/**
 * Says how many labels are probably wrong, with the first of them.
 *
 * @returns a sentence, where there are some
 */
export function describeSuspects(suspects: readonly NamedSuspect[]): string[] {
  const [first] = suspects;
  if (!first) return [];
  const many = suspects.length > 1;
  return [
    `${suspects.length} ${many ? 'labels look' : 'label looks'} wrong${many ? ', the first of' : ': that of'} ${first.path}, which is labelled '${first.given}' and looks like '${first.likely}'. Hint: history.json lists ${many ? 'them' : 'it'} as suspectLabels; move ${many ? 'those that are' : 'it where it is'}, and train again.`,
  ];
}
