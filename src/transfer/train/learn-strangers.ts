import { findImages, isWorthTelling } from '#platform';
import { type Dataset, toArrays } from '../../classifier/dataset.js';
import type { FitHeadResult } from '../../classifier/fit-head.js';
import { type Logistic, logitsOf } from '../../classifier/logistic.js';
import { familiarityOf } from '../../classifier/prototypes.js';
import {
  energyOf,
  type LearnedStrangers,
  learnStrangers,
  type MeasuredPicture,
  type StrangerScores,
  scoreStrangers,
  tuneRule,
} from '../../classifier/strangers.js';
import { RandomState } from '../../keras/random/random-state.js';
import { type LoadDatasetOptions, loadDataset } from '../data/load-dataset.js';
import type { Reporter } from '../reporter.js';

export interface UnknownOptions {
  /**
   * How pictures of other things are told: `'far'` by how like the training pictures they look, `'near'` also by how
   * sure the head is of any class, which tells closer relatives; `'off'`: not at all. Default `'far'`.
   */
  readonly unknown?: 'off' | 'far' | 'near';
  /** The share of known pictures that may be turned away. Default 0.05; with `strangers` the threshold is set on these. */
  readonly reject?: number;
  /** Folder of pictures of other things, to set the threshold on and to measure. Default: none. */
  readonly strangers?: string;
}

/** Why dense layers alone tell no near strangers. */
export const noEnergy =
  "Expected `unknown` 'far' with `head` 'article'. Received: 'near', which asks logistic regression. Hint: leave `head` out.";

export interface TrainedStrangers extends LearnedStrangers {
  /** On the pictures of `strangers`; `null` where none were named. */
  readonly scores: StrangerScores | null;
  /** Of the pictures of `strangers`; `null` where none were named. */
  readonly strange: readonly MeasuredPicture[] | null;
}

/**
 * Learns to tell pictures of other things.
 *
 * @returns `null` where that is not wanted, or there are too few pictures for it
 */
export async function learnToTellStrangers(
  training: Dataset,
  { fitted, energies }: Pick<FitHeadResult, 'fitted' | 'energies'>,
  { unknown = 'far', reject, strangers: folder, seed = 0, ...options }: UnknownOptions & LoadDatasetOptions,
  reporter: Reporter,
): Promise<TrainedStrangers | null> {
  if (unknown === 'off') return null;
  const random = new RandomState(seed);
  const learned = learnStrangers(training, { mode: unknown, reject, random, energies });
  if (!learned) {
    reporter.warn(
      'There are too few pictures to leave any out: the model takes every picture for one of its classes.',
    );
    return null;
  }
  if (folder === undefined) return { ...learned, scores: null, strange: null };
  const strange = measure(
    await loadStrangers(folder, { ...options, seed }, reporter),
    learned,
    fitted.logistic,
  );
  const rule = tuneRule(learned.rule, learned.known, strange);
  return { ...learned, rule, scores: scoreStrangers(rule, learned.known, strange), strange };
}

/** The pictures of a folder, whatever its sub-folders are called. */
async function loadStrangers(
  folder: string,
  options: LoadDatasetOptions,
  reporter: Reporter,
): Promise<Dataset> {
  const { paths, skipped } = await findImages(folder);
  const images = paths.map((path) => ({ path, label: 0 }));
  const passedOver = skipped.filter(isWorthTelling);
  const found = { folder, classes: ['strangers'], images, passedOver, warnings: [] };
  return loadDataset(found, { ...options, views: 1 }, reporter);
}

function measure(
  strangers: Dataset,
  { prototypes }: LearnedStrangers,
  logistic: Logistic | null,
): MeasuredPicture[] {
  const { x } = toArrays(strangers, 1);
  const logits = logistic && logitsOf(logistic, x);
  const width = logistic?.bias.data.length ?? 0;
  const familiarities = familiarityOf(
    strangers.pictures.flatMap(({ views: [first] }) => first ?? []),
    prototypes,
  );
  return Array.from(familiarities, (familiarity, row) => ({
    path: strangers.pictures[row]?.path ?? '',
    familiarity,
    ...(logits ? { energy: energyOf(logits.subarray(row * width, (row + 1) * width)) } : {}),
  }));
}
