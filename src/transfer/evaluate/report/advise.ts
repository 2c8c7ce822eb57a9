import { wilsonInterval } from '../../../classifier/wilson.js';
import { judge } from './choose-close-ups.js';
import { count } from './markup.js';
import type { Answer, Report } from './report.js';

/** Pictures that would help most, of one class. */
export interface Advice {
  /** Index of the class. */
  readonly label: number;
  /** Sentences on the weakness. */
  readonly why: readonly string[];
  /** Sentences on the pictures to add. */
  readonly wanted: readonly string[];
  /** Paths of pictures of the kind that is missing. */
  readonly examples: readonly string[];
}

/** A class with fewer pictures in training is learned badly, where it is missed at all. */
const fewTraining = 10;
/** Fewer pictures than this tell nothing of a class. */
const fewAsked = 5;
/** How many times the pictures of a class the largest may have. */
const mostRatio = 3;
const mostExamples = 4;

/**
 * Says of the weakest classes, the weakest first, which pictures would help: weak is a class that is missed, or that
 * had few pictures to learn from or to ask about.
 *
 * @param most classes
 */
export function adviseNext(
  { labels, answers, counts, kind }: Pick<Report, 'labels' | 'answers' | 'counts' | 'kind'>,
  most = 6,
): Advice[] {
  const byClass = labels.map((): Answer[] => []);
  for (const answer of answers) byClass[answer.label]?.push(answer);
  const largest = Math.max(0, ...(counts ?? []));
  const found = byClass.map((asked, label) => {
    const missed = asked.filter((answer) => !judge(answer).isRight);
    const [low] = wilsonInterval(asked.length - missed.length, asked.length);
    const parts = [
      onMissed(labels, label, { asked, missed }),
      onTraining(counts?.[label], { largest, isWeak: missed.length > 0 }),
      kind === 'test' ? onAsked(asked.length) : null,
    ].flatMap((part) => part ?? []);
    const why = parts.map((part) => part.why);
    const wanted = parts.map((part) => part.wanted);
    return { label, why, wanted, examples: parts.flatMap((part) => part.examples ?? []), low };
  });
  return found
    .filter(({ why }) => why.length > 0)
    .sort((a, b) => a.low - b.low)
    .slice(0, most)
    .map(({ low: _, ...advice }) => advice);
}

interface Part {
  readonly why: string;
  readonly wanted: string;
  readonly examples?: readonly string[];
}

function onMissed(
  labels: readonly string[],
  label: number,
  { asked, missed }: { asked: readonly Answer[]; missed: readonly Answer[] },
): Part | null {
  if (missed.length === 0) return null;
  const name = labels[label] ?? '';
  const takenFor = labels.map((_, other) => missed.filter((answer) => judge(answer).taken === other));
  const [mixed = []] = takenFor.sort((a, b) => b.length - a.length);
  const [first] = mixed;
  const other = first ? (labels[judge(first).taken] ?? '') : '';
  const strange = missed.filter(({ known }) => known === false);
  const isStrange = 2 * strange.length > missed.length;
  const few =
    mixed.length === missed.length
      ? missed.length === 1
        ? 'It was'
        : 'All were'
      : `${mixed.length} of these were`;
  const examples = (isStrange ? strange : mixed)
    .toSorted((a, b) => judge(a).given - judge(b).given)
    .slice(0, mostExamples)
    .map(({ path }) => path);
  return {
    why: `${missed.length} of ${count(asked.length, 'picture')} ${missed.length === 1 ? 'was' : 'were'} missed. ${few} taken for ${other}.`,
    wanted: isStrange
      ? `Most of these look unlike the pictures in training. Add other kinds of ${name}: other shapes, places and lights, like these:`
      : `Add pictures of ${name} that could be taken for ${other}, and of ${other} that could be taken for ${name}, like these:`,
    examples,
  };
}

function onTraining(
  trained: number | undefined,
  { largest, isWeak }: { largest: number; isWeak: boolean },
): Part | null {
  if (trained === undefined) return null;
  const wanted = Math.max(isWeak ? fewTraining : 0, Math.ceil(largest / mostRatio));
  if (trained >= wanted) return null;
  const beside = largest > trained ? `, while the largest class has ${largest}` : '';
  return {
    why: `Training had ${count(trained, 'picture')} of it${beside}.`,
    wanted: `Add ${wanted - trained} or more of any kind.`,
  };
}

function onAsked(asked: number): Part | null {
  if (asked >= fewAsked) return null;
  return {
    why:
      asked === 0
        ? 'None was asked about.'
        : `${count(asked, 'picture')} ${asked === 1 ? 'was' : 'were'} asked about, too few to tell.`,
    wanted: `Test on ${fewAsked} or more.`,
  };
}
