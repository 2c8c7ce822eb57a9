import { argMax } from '../../../classifier/metrics.js';
import type { Answer, StrangersReport } from './report.js';

/** Pictures to look at closely. */
export interface Chosen {
  /** Wrong answers, the least likely true class first. */
  readonly worst: readonly Answer[];
  /** Right answers, the least sure first. */
  readonly unsure: readonly Answer[];
}

/** The likeliest class, and how likely it and the given one are. */
export function judge({ label, probabilities }: Answer) {
  const taken = argMax(probabilities);
  return {
    taken,
    isRight: taken === label,
    sure: probabilities[taken] ?? 0,
    given: probabilities[label] ?? 0,
  };
}

/** Answers that have a picture in a report at most: more make files that phones do not open. */
export const mostPictured = 10_000;

/** Answers to show with a picture: all, or where they are too many the errors and then the least sure. */
export function choosePictured(answers: readonly Answer[], most = mostPictured): readonly Answer[] {
  if (answers.length <= most) return answers;
  const { worst, unsure } = chooseCloseUps(answers, most);
  return [...worst, ...unsure].slice(0, most);
}

/** @param most of each kind */
export function chooseCloseUps(answers: readonly Answer[], most = 12): Chosen {
  const judged = answers.map((answer) => ({ answer, ...judge(answer) }));
  const worst = judged.filter(({ isRight }) => !isRight).sort((a, b) => a.given - b.given || b.sure - a.sure);
  const unsure = judged.filter(({ isRight }) => isRight).sort((a, b) => a.sure - b.sure);
  const first = (list: typeof judged) => list.slice(0, most).map(({ answer }) => answer);
  return { worst: first(worst), unsure: first(unsure) };
}

/** Paths of pictures of other things that pass for known ones, the most familiar first. */
export const passingStrangers = ({ strange, threshold }: StrangersReport): string[] =>
  (strange ?? [])
    .filter(({ score }) => score >= threshold)
    .sort((a, b) => b.score - a.score)
    .map(({ path }) => path);
