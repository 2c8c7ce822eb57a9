import type { Leakage } from './leakage.js';
import type { StrangerScores } from './strangers.js';

/** How close probabilities come to the share of right answers. */
export interface Calibration {
  /**
   * Expected calibration error: the mean difference between how sure a model is and how often it is right, over 15 bins
   * of probability. Source: Guo et al., 2017, section 2.
   */
  readonly ece: number;
  /** The error that even a perfectly calibrated model would show on so few pictures. */
  readonly floor: number;
}

/** How a classifier did on one class. */
export interface ClassReport {
  readonly label: string;
  /** Pictures of the class. */
  readonly support: number;
  /** Of the pictures that were taken for the class, the share that are of it. 0 where there are none. */
  readonly precision: number;
  /** Of the pictures of the class, the share that was recognised. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
}

/** How a classifier did, as `ort-transfer evaluate --json` prints it. */
export interface Evaluation {
  readonly samples: number;
  /** Mean categorical cross-entropy. */
  readonly loss: number;
  readonly accuracy: number;
  readonly classes: readonly ClassReport[];
  /** Pictures that the model took for something else than its classes; absent where it cannot tell. */
  readonly unknown?: number;
  /** Pictures without a face, of which no class would be told, where the model looks at faces; absent where there are none. */
  readonly noFace?: number;
  /** How close probabilities come to the share of right answers; only where that was asked. */
  readonly calibration?: Calibration;
  /** How well pictures of other things are told; only where a folder of these was named. */
  readonly strangers?: StrangerScores;
  /** Pictures that training has seen, and how the model does without; absent where the training pictures are not known. */
  readonly leakage?: Leakage;
  /** Row: the true class; column: the class it was taken for. */
  readonly confusion: readonly (readonly number[])[];
}

/** Keras's `epsilon`: probabilities are kept this far from 0 and 1 before the logarithm. */
const epsilon = 1e-7;

/** Compares predictions with the true classes. Ties go to the first class. */
export function evaluatePredictions(
  labels: readonly string[],
  predictions: readonly { readonly label: number; readonly probabilities: ArrayLike<number> }[],
): Evaluation {
  const confusion = labels.map(() => labels.map(() => 0));
  let loss = 0;
  for (const { label, probabilities } of predictions) {
    confusion[label]![argMax(probabilities)]!++;
    loss -= Math.log(Math.min(1 - epsilon, Math.max(epsilon, probabilities[label]!)));
  }
  const samples = predictions.length;
  const correct = labels.reduce((sum, _, i) => sum + confusion[i]![i]!, 0);
  return {
    samples,
    loss: samples === 0 ? 0 : loss / samples,
    accuracy: samples === 0 ? 0 : correct / samples,
    classes: labels.map((label, i) => {
      const hits = confusion[i]![i]!;
      const support = confusion[i]!.reduce((a, b) => a + b, 0);
      const taken = confusion.reduce((sum, row) => sum + row[i]!, 0);
      const precision = taken === 0 ? 0 : hits / taken;
      const recall = support === 0 ? 0 : hits / support;
      return {
        label,
        support,
        precision,
        recall,
        f1: hits === 0 ? 0 : (2 * precision * recall) / (precision + recall),
      };
    }),
    confusion,
  };
}

/** The index of the greatest value, the first of equals. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
