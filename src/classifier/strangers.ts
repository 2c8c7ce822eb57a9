import type { Tensor } from '../graph/tensor.js';
import type { RandomState } from '../keras/random/random-state.js';
import type { Dataset } from './dataset.js';
import { stratifiedFolds } from './folds.js';
import { familiarityOf, findPrototypes } from './prototypes.js';

/** Measures of how known a picture looks, beside its probabilities. */
export interface Measured {
  /** Highest cosine to a prototype of any class. */
  readonly familiarity: number;
  /** log Σ exp of the logistic head's logits; only where near strangers are to be told. */
  readonly energy?: number;
}

/** When a picture counts as known. It is kept in the model's metadata. */
export interface StrangerRule {
  /** `'far'` looks at familiarity alone, `'near'` at energy, too. */
  readonly mode: 'far' | 'near';
  /** A picture is known from this score on: `scoreOf` tells it. */
  readonly threshold: number;
  /** The share of the training pictures that the threshold turns away, each compared with other pictures alone. */
  readonly reject: number;
  /** Scores of left-out training pictures at the quantiles 0, 1/100 … 1, for other shares than `reject`. */
  readonly quantiles: readonly number[];
  /** Likewise both measures, which p-values are read from; only in mode `'near'`. */
  readonly measures?: { readonly familiarity: readonly number[]; readonly energy: readonly number[] };
}

export interface StrangerOptions {
  /** `'far'` looks at familiarity alone, `'near'` at energy, too. Default `'far'`. */
  readonly mode?: 'far' | 'near';
  /** The share of known pictures that may be turned away. Default 0.05. */
  readonly reject?: number;
  /** Draws the folds and the first prototypes. */
  readonly random: RandomState;
  /** Each picture's energy in a logistic head that was not trained on it, by path; for `'near'`. Default: none. */
  readonly energies?: ReadonlyMap<string, number>;
}

/** Prototypes (D, P) with the rule that goes with them. */
export interface StrangerModel {
  readonly prototypes: Tensor<'float32'>;
  readonly rule: StrangerRule;
}

/** A picture, measured against prototypes of others. */
export interface MeasuredPicture extends Measured {
  readonly path: string;
}

export interface LearnedStrangers extends StrangerModel {
  readonly known: readonly MeasuredPicture[];
}

const folds = 5;
const quantileCount = 100;

/**
 * Finds prototypes of a data set's pictures, and how far from them a known picture may be.
 *
 * The threshold is the `reject` quantile of the scores of training pictures, each against prototypes of the pictures
 * in other folds.
 *
 * @returns `null` where there are too few pictures to leave any out
 */
export function learnStrangers(
  data: Dataset,
  { mode = 'far', reject = 0.05, random, energies = new Map() }: StrangerOptions,
): LearnedStrangers | null {
  const training = firstViews(data);
  const left: MeasuredPicture[] = stratifiedFolds(training, folds, random).flatMap((fold) => {
    const familiarities = familiarityOf(embeddingsOf(fold.held), findPrototypes(fold.training, random));
    return fold.held.pictures.map(({ path }, i) => ({
      path,
      familiarity: familiarities[i] ?? Number.NaN,
      energy: energies.get(path),
    }));
  });
  if (left.length === 0) return null;
  const prototypes = findPrototypes(training, random);
  const measures = {
    familiarity: quantilesOf(left.map(({ familiarity }) => familiarity)),
    energy: quantilesOf(left.flatMap(({ energy }) => energy ?? [])),
  };
  const bare = { mode, reject, threshold: 0, quantiles: [], ...(mode === 'near' ? { measures } : {}) };
  // The smaller of two p-values is below a share more often than one of them is: the scores have their own quantiles.
  const quantiles = quantilesOf(left.map((measured) => scoreOf(bare, measured)));
  return { prototypes, rule: withReject({ ...bare, quantiles }, reject), known: left };
}

/** The rule that turns away another share of known pictures. */
export const withReject = (rule: StrangerRule, reject: number): StrangerRule => ({
  ...rule,
  reject,
  threshold: quantile(rule.quantiles, reject),
});

/** The rule that looks at familiarity alone, at the same share; the rule itself where it does no more. */
export function asFar(rule: StrangerRule): StrangerRule {
  const { measures, reject } = rule;
  if (!measures) return rule;
  const quantiles = measures.familiarity;
  return { mode: 'far', reject, quantiles, threshold: quantile(quantiles, reject) };
}

/** The energy of a row of logits: log Σ exp. */
export function energyOf(logits: Float32Array): number {
  const top = Math.max(...logits);
  return top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
}

/** How well a rule tells pictures of other things from known ones. */
export interface StrangerScores {
  /** The chance that a known picture scores higher than a stranger. */
  readonly auroc: number;
  /** The share of known pictures that are turned away. */
  readonly falseRejection: number;
  /** The share of strangers that pass for known. */
  readonly falseAcceptance: number;
}

/** Compares known pictures with strangers. */
export function scoreStrangers(
  rule: StrangerRule,
  known: readonly Measured[],
  strange: readonly Measured[],
): StrangerScores {
  const score = (measured: Measured) => scoreOf(rule, measured);
  return compareScores(rule.threshold, known.map(score), strange.map(score));
}

/** Compares the scores of known pictures with those of strangers. */
export function compareScores(
  threshold: number,
  known: readonly number[],
  strange: readonly number[],
): StrangerScores {
  return {
    auroc: auroc(known, strange),
    falseRejection: known.filter((score) => !(score >= threshold)).length / known.length,
    falseAcceptance: shareFrom(strange, threshold),
  };
}

/** The rule with the threshold that tells these strangers from known pictures best. */
export function tuneRule(
  rule: StrangerRule,
  known: readonly Measured[],
  strange: readonly Measured[],
): StrangerRule {
  const score = (measured: Measured) => scoreOf(rule, measured);
  return { ...rule, threshold: bestThreshold(known.map(score), strange.map(score)) };
}

/** How well a picture passes for a known one: its familiarity, or the smaller p-value of both measures. */
export function scoreOf({ measures }: StrangerRule, { familiarity, energy }: Measured): number {
  if (!measures) return familiarity;
  const share = shareBelow(measures.familiarity, familiarity);
  return energy === undefined ? share : Math.min(share, shareBelow(measures.energy, energy));
}

/** Whether a picture is of the kind that the model was trained on. A measure that is no number is not. */
export const isKnown = (rule: StrangerRule, measured: Measured): boolean =>
  scoreOf(rule, measured) >= rule.threshold;

/**
 * The threshold that tells known pictures from strangers best: the one with the largest difference between the share of
 * known pictures and the share of strangers that pass. Source: Youden, Index for rating diagnostic tests, 1950.
 */
export function bestThreshold(known: readonly number[], strange: readonly number[]): number {
  let best = { threshold: Number.NEGATIVE_INFINITY, gain: Number.NEGATIVE_INFINITY };
  for (const threshold of [...known, ...strange].sort((a, b) => a - b)) {
    const gain = shareFrom(known, threshold) - shareFrom(strange, threshold);
    if (gain > best.gain) best = { threshold, gain };
  }
  return best.threshold;
}

/** The chance that a known picture scores higher than a stranger; ties count half. */
export function auroc(known: readonly number[], strange: readonly number[]): number {
  let wins = 0;
  for (const a of known) for (const b of strange) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / (known.length * strange.length);
}

/** The value below which `share` of the values lie, interpolated as NumPy's `quantile` does. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (at - Math.floor(at)) * (high - low);
}

const quantilesOf = (values: ArrayLike<number>): number[] =>
  Array.from({ length: quantileCount + 1 }, (_, i) => quantile(values, i / quantileCount));

/** The share of values below, from their quantiles. */
function shareBelow(quantiles: readonly number[], value: number): number {
  const above = quantiles.findIndex((quantileValue) => quantileValue > value);
  if (above < 0) return Number.isNaN(value) ? Number.NaN : 1;
  const [low, high] = [quantiles[above - 1], quantiles[above]];
  if (low === undefined || high === undefined) return 0;
  return (above - 1 + (value - low) / (high - low)) / (quantiles.length - 1);
}

const shareFrom = (values: readonly number[], threshold: number): number =>
  values.filter((value) => value >= threshold).length / values.length;

/** A view is a picture changed a little: beside the picture itself it adds nothing, and takes time. */
const firstViews = (data: Dataset): Dataset => ({
  ...data,
  pictures: data.pictures.map((picture) => ({ ...picture, views: picture.views.slice(0, 1) })),
});

const embeddingsOf = ({ pictures }: Dataset): Float32Array[] => pictures.flatMap(({ views }) => views);
