/** From embedded pictures to a head with all that the page tells of it: as `ort-transfer train` does it. */
import type { Dataset } from '../../classifier/dataset.js';
import { type FitHeadOptions, type FitHeadResult, fitHead } from '../../classifier/fit-head.js';
import { type LearnedStrangers, learnStrangers } from '../../classifier/strangers.js';
import type { Engine } from '../../engine/engine.js';
import { RandomState } from '../../keras/random/random-state.js';
import type { Settings } from './studio-protocol.js';

export interface TeachOptions
  extends Required<Pick<FitHeadOptions, 'callbacks' | 'foldCallbacks' | 'onFold' | 'onStep'>> {
  /** With the embeddings of as many views as the settings say. */
  readonly data: Dataset;
  readonly settings: Settings;
  readonly engine: Engine;
  /** Chooses the folds, the first weights, the order of the samples and the first prototypes. */
  readonly seed: number;
}

export interface Lesson extends FitHeadResult {
  /** How pictures of other things are told; `null` where that is not wanted, or pictures are too few. */
  readonly strangers: LearnedStrangers | null;
}

/**
 * Fits a head, and learns to tell pictures of other things: the same data, settings and seed, the same as in Node.
 *
 * @throws TrainingError when the loss does not stay finite, and whatever `onStep` throws
 */
export async function teach({ data, settings, engine, seed, ...hooks }: TeachOptions): Promise<Lesson> {
  const { unknown, ...options } = settings;
  const found = await fitHead({
    ...{ ...options, ...hooks, engine, seed },
    training: data,
    validation: null,
    verbose: 0,
  });
  const random = new RandomState(seed);
  const { energies } = found;
  const strangers = unknown === 'off' ? null : learnStrangers(data, { mode: unknown, random, energies });
  return { ...found, strangers };
}
