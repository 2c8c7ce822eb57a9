import { RandomState } from '../keras/random/random-state.js';
import { argMax, type Calibration } from './metrics.js';

interface Judged {
  readonly label: number;
  /** (C) */
  readonly probabilities: ArrayLike<number>;
}

const bins = 15;
const draws = 200;

/** Measures the likeliest class of each picture. 0 where there are none. */
export function calibrationOf(predictions: readonly Judged[]): Calibration {
  const answers = predictions.map(({ label, probabilities }) => {
    const top = argMax(probabilities);
    return { confidence: probabilities[top] ?? 0, isRight: top === label };
  });
  const random = new RandomState(0);
  let sum = 0;
  for (let draw = 0; draw < draws; draw++)
    sum += eceOf(answers.map(({ confidence }) => ({ confidence, isRight: random.random() < confidence })));
  return { ece: eceOf(answers), floor: sum / draws };
}

function eceOf(answers: readonly { readonly confidence: number; readonly isRight: boolean }[]): number {
  const gaps = new Array<number>(bins).fill(0);
  for (const { confidence, isRight } of answers) {
    const bin = Math.min(bins - 1, Math.floor(confidence * bins));
    gaps[bin] = (gaps[bin] ?? 0) + confidence - (isRight ? 1 : 0);
  }
  if (answers.length === 0) return 0;
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / answers.length;
}
