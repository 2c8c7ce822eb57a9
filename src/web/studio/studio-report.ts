/** How well a model does, in words and numbers, from what was said of pictures while they were left out. */

import { argMax } from '../../classifier/metrics.js';
import type { StrangerRule } from '../../classifier/strangers.js';
import { wilsonInterval } from '../../classifier/wilson.js';
import type { Guess } from './studio-protocol.js';

/** A guess as the model would tell it. */
export interface Answer extends Guess {
  /** Index of the likeliest class. */
  readonly guess: number;
  /** Its probability. */
  readonly share: number;
  /** Whether it would be called one of the classes rather than unknown. */
  readonly isKnown: boolean;
}

/** The answers to pictures that were left out. @param threshold a picture is known from this familiarity on */
export const answersOf = (
  guesses: readonly Guess[],
  threshold: StrangerRule['threshold'] | null,
): readonly Answer[] =>
  guesses.map((guess) => {
    const best = argMax(guess.probabilities);
    return {
      ...guess,
      guess: best,
      share: guess.probabilities[best] ?? 0,
      isKnown: threshold === null || guess.familiarity === null || guess.familiarity >= threshold,
    };
  });

export const isRight = ({ isKnown, guess, label }: Answer): boolean => isKnown && guess === label;

/** Row: the true class; column: the class it was taken for, and at last unknown. */
export function confusionOf(answers: readonly Answer[], classes: number): Answer[][][] {
  const cells = Array.from({ length: classes }, () =>
    Array.from({ length: classes + 1 }, (): Answer[] => []),
  );
  for (const answer of answers) cells[answer.label]?.[answer.isKnown ? answer.guess : classes]?.push(answer);
  return cells;
}

/** Pictures that were taken for another class, those first that it was surest of. */
export const worstOf = (answers: readonly Answer[]): readonly Answer[] =>
  answers.filter(({ isKnown, guess, label }) => isKnown && guess !== label).sort((a, b) => b.share - a.share);

/** So few pictures say little of how well it does. */
const few = 100;

/** How often it is right on pictures that it has not seen, for people who know no percentages. */
export function describeEstimate(answers: readonly Answer[]): string {
  const total = answers.length;
  const right = answers.filter(isRight).length;
  if (total === 0) return 'Nothing was left out to check on, so only trying it shows how good it is.';
  const [low, high] = wilsonInterval(right, total);
  const rough =
    total < few && Math.floor(low * 10) < Math.ceil(high * 10)
      ? ` With ${count(total, 'picture')} to check on that is rough: it may be anything from ${Math.floor(low * 10)} to ${Math.ceil(high * 10)} of 10.`
      : '';
  if (right === total) return `It was right on all ${total} pictures when it had not seen them.${rough}`;
  if (right === 0) return `It was right on none of ${total} pictures when it had not seen them.${rough}`;
  return `Of ${inPlainNumbers(right, total)} right.${rough}`;
}

/** `10 pictures it has not seen, about 9 are`: never all or none of them, since it was neither. */
function inPlainNumbers(right: number, total: number): string {
  const words = (base: number, number: string, verb = 'are') =>
    `${base} pictures it has not seen, ${number} ${verb}`;
  // So few pictures say nothing of hundredths.
  const bases = total < few ? [10] : [10, 100, 1000];
  for (const base of bases) {
    const share = Math.round((right / total) * base);
    if (share > 0 && share < base) return words(base, `about ${share}`, share === 1 ? 'is' : 'are');
  }
  const last = bases.at(-1) ?? 10;
  return right / total > 0.5 ? words(last, `more than ${last - 1}`) : words(last, 'fewer than 1', 'is');
}

/** Says how many are called unknown; undefined where none is, or that is not asked. */
export function describeTurnedAway(answers: readonly Answer[]): string | undefined {
  const away = answers.filter(({ isKnown }) => !isKnown).length;
  if (away === 0) return undefined;
  return `It would call ${away} of your ${count(answers.length, 'picture')} “unknown”.`;
}

/** `1 picture`, `2 pictures`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
