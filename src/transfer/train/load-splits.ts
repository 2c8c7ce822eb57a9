import { type Dataset, splitDataset } from '../../classifier/dataset.js';
import { describeCopies } from '../data/copies.js';
import { describeImbalance } from '../data/imbalance.js';
import { type LoadDatasetOptions, loadDataset } from '../data/load-dataset.js';
import type { Reporter } from '../reporter.js';
import type { ChosenClasses } from './choose-classes.js';

export interface LoadSplitsOptions extends LoadDatasetOptions {
  /** The share of each class to hold back where there is no folder to validate on. Default 0. */
  readonly validationSplit?: number;
  /** Whether the head will favour classes with many pictures, for the advice on uneven ones. Default `'data'`. */
  readonly prior?: 'data' | 'flat';
}

/** Embeds the pictures to train on and those to validate on, and warns of copies and of uneven classes. */
export async function loadSplits(
  { training: chosen, validation: held }: ChosenClasses,
  { validationSplit = 0, prior, ...options }: LoadSplitsOptions,
  reporter: Reporter,
): Promise<{ training: Dataset; validation: Dataset | null }> {
  const all = await loadDataset(chosen, options, reporter);
  const splits = held
    ? { training: all, validation: await loadDataset(held, { ...options, views: 1 }, reporter) }
    : holdBack(all, { share: validationSplit, seed: options.seed ?? 0 }, reporter);
  for (const warning of describeCopies(splits.training, splits.validation)) reporter.warn(warning);
  for (const warning of describeImbalance(splits.training, prior)) reporter.warn(warning);
  return splits;
}

function holdBack(
  all: Dataset,
  { share, seed }: { share: number; seed: number },
  reporter: Reporter,
): { training: Dataset; validation: Dataset | null } {
  if (share <= 0) return { training: all, validation: null };
  const [training, held] = splitDataset(all, share, seed);
  reporter.info(`Holding back ${held.pictures.length} pictures for validation`);
  return { training, validation: held.pictures.length > 0 ? held : null };
}
