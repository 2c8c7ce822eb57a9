/** Facts on a training that its `history.json` keeps, beside the model, and that a later report tells. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Evaluation } from '../../../classifier/metrics.js';

export interface TrainingRecord {
  /** The path that the model was written to. */
  readonly model: string;
  /** Size of the model's file. */
  readonly bytes: number;
  readonly labels: readonly string[];
  /** On the pictures that were left out, or held back; `null` where there were none. */
  readonly evaluation: Pick<Evaluation, 'samples' | 'loss' | 'accuracy'> | null;
  /** One value an epoch. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epoch whose weights were kept, counted from 1; 0 where there are no dense layers. */
  readonly bestEpoch: number;
  /** The parts that the head has. */
  readonly head: readonly string[];
  /** The dense layers' logits are divided by it. */
  readonly temperature: number;
  /** Training pictures of each class. */
  readonly counts: readonly number[];
  /** Options by their names, those alone that were given or have a default. */
  readonly settings: Readonly<Record<string, string | number | readonly number[]>>;
}

/**
 * The record beside a model.
 *
 * @returns `null` where there is none, or one of another model
 */
export async function readTrainingRecord(model: string, bytes: number): Promise<TrainingRecord | null> {
  const text = await readFile(join(dirname(model), 'history.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const found = parse(text);
  const isComplete =
    typeof found?.model === 'string' &&
    [found.labels, found.head, found.counts].every(Array.isArray) &&
    [found.bytes, found.bestEpoch, found.temperature].every(Number.isFinite) &&
    [found.history, found.settings].every((part) => typeof part === 'object' && part !== null);
  if (!isComplete) return null;
  const record = found as unknown as TrainingRecord;
  // One folder may hold several models, and the history of the last.
  return basename(record.model) === basename(model) && record.bytes === bytes ? record : null;
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
