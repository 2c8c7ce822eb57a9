/** Labels that are probably wrong: pictures that a head which never saw them takes for something else. */
import type { Engine } from '../engine/engine.js';
import { RandomState } from '../keras/random/random-state.js';
import { type Dataset, toArrays } from './dataset.js';
import { type LeftOut, softmax } from './fit-head.js';
import { stratifiedFolds } from './folds.js';
import { LogisticFitter, logitsOf } from './logistic.js';
import { argMax } from './metrics.js';

/** A picture whose label is probably wrong. */
export interface SuspectLabel {
  readonly path: string;
  /** Index of the class that it is labelled as. */
  readonly given: number;
  /** How likely that class is to a head that was not trained on the picture, from 0 to 1. */
  readonly probability: number;
  /** Index of the likeliest class. */
  readonly likely: number;
}

/**
 * A label is suspect where another class is likelier than all others together, and its own less likely than this.
 *
 * Without the first condition many classes with few pictures each, of which every answer is unsure, would make every
 * label suspect. docs/checking-data.md has the measurements.
 */
const suspect = { probability: 0.05, likely: 0.5 } as const;

/**
 * The labels that are probably wrong, the least likely first.
 *
 * @param leftOut each picture with the probabilities of a head that was not trained on it, as from `fitHead`
 */
export function findSuspectLabels(
  leftOut: readonly {
    readonly picture: Pick<LeftOut['picture'], 'path' | 'label'>;
    readonly probabilities: ArrayLike<number>;
  }[],
): SuspectLabel[] {
  return leftOut
    .map(({ picture: { path, label }, probabilities }) => {
      const likely = argMax(probabilities);
      const [probability = 0, most = 0] = [probabilities[label], probabilities[likely]];
      return { suspect: { path, given: label, probability, likely }, most };
    })
    .filter(
      ({ suspect: { probability }, most }) => most > suspect.likely && probability < suspect.probability,
    )
    .map(({ suspect: found }) => found)
    .sort((a, b) => a.probability - b.probability);
}

export interface LeaveOutOptions {
  readonly engine: Engine;
  /** Chooses the folds. Default 0. */
  readonly seed?: number;
  /** Called before each fold. Default: none. */
  readonly onFold?: (done: number, total: number) => void;
}

/**
 * More regularisation than answers want: a head that learns wrong labels by heart finds fewer of them. With 0.1 the list
 * of 300 photos of waste as they are is three times as long.
 */
const strength = 0.03;

/**
 * The probabilities of each picture in logistic regression on the others, in 5 folds: fast enough to look at labels
 * before any training. A class of one picture is left out of none, nor is anything where there is one class.
 */
export async function leaveOutLogistic(
  data: Dataset,
  { engine, seed = 0, onFold }: LeaveOutOptions,
): Promise<LeftOut[]> {
  const classes = data.classes.length;
  const features = data.pictures[0]?.views[0]?.length ?? 0;
  if (classes < 2 || features === 0) return [];
  const fitter = await LogisticFitter.open(engine, { features, classes });
  try {
    const leftOut: LeftOut[] = [];
    const folds = stratifiedFolds(data, 5, new RandomState(seed));
    for (const [i, { training, held }] of folds.entries()) {
      onFold?.(i, folds.length);
      const fitted = await fitter.fit(toArrays(training, 1), { strength });
      const logits = logitsOf(fitted, toArrays(held, 1).x);
      for (const [row, picture] of held.pictures.entries())
        leftOut.push({
          picture,
          probabilities: softmax(logits.subarray(row * classes, (row + 1) * classes)),
        });
    }
    return leftOut;
  } finally {
    await fitter.release();
  }
}
