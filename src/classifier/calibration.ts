import { RandomState } from '../keras/random/random-state.js';
import { argMax, type Calibration } from './metrics.js';

interface Judged {
  readonly label: number;
  /** (C) */
  readonly probabilities: ArrayLike<number>;
}

/** The answers whose likeliest class has a probability within a range. */
export interface ReliabilityBin {
  /** Of the probability, `to` not included. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean probability of the likeliest class; 0 where there are no answers. */
  readonly confidence: number;
  /** The share of right answers; 0 where there are none. */
  readonly accuracy: number;
}

interface Sure {
  readonly confidence: number;
  readonly isRight: boolean;
}

const bins = 15;
const draws = 200;

/** Measures the likeliest class of each picture. 0 where there are none. */
export function calibrationOf(predictions: readonly Judged[]): Calibration {
  const answers = surenessOf(predictions);
  const random = new RandomState(0);
  let sum = 0;
  for (let draw = 0; draw < draws; draw++)
    sum += eceOf(answers.map(({ confidence }) => ({ confidence, isRight: random.random() < confidence })));
  return { ece: eceOf(answers), floor: sum / draws };
}

/** How often answers are right that are about as sure as each other: the bins that the calibration error is a mean over. */
export function reliabilityOf(predictions: readonly Judged[]): ReliabilityBin[] {
  const answers = surenessOf(predictions);
  return Array.from({ length: bins }, (_, bin) => {
    const inside = answers.filter(({ confidence }) => binOf(confidence) === bin);
    const count = inside.length;
    const right = inside.filter(({ isRight }) => isRight).length;
    const sum = inside.reduce((total, { confidence }) => total + confidence, 0);
    return {
      from: bin / bins,
      to: (bin + 1) / bins,
      count,
      confidence: count === 0 ? 0 : sum / count,
      accuracy: count === 0 ? 0 : right / count,
    };
  });
}

const surenessOf = (predictions: readonly Judged[]): Sure[] =>
  predictions.map(({ label, probabilities }) => {
    const top = argMax(probabilities);
    return { confidence: probabilities[top] ?? 0, isRight: top === label };
  });

const binOf = (confidence: number): number => Math.min(bins - 1, Math.floor(confidence * bins));

function eceOf(answers: readonly Sure[]): number {
  const gaps = new Array<number>(bins).fill(0);
  for (const { confidence, isRight } of answers) {
    const bin = binOf(confidence);
    gaps[bin] = (gaps[bin] ?? 0) + confidence - (isRight ? 1 : 0);
  }
  if (answers.length === 0) return 0;
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / answers.length;
}
