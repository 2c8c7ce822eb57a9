import { sha256 } from '#platform';
import type { SkippedPicture } from '../../classifier/dataset.js';
import type { LeftOut } from '../../classifier/fit-head.js';
import { readMetadata } from '../../classifier/metadata.js';
import { isKnown, type Measured, scoreOf } from '../../classifier/strangers.js';
import type { SuspectLabel } from '../../classifier/suspect-labels.js';
import type { Engine } from '../../engine/engine.js';
import { collectReport } from '../evaluate/report/collect-report.js';
import { describeModel } from '../evaluate/report/describe-model.js';
import { renderReport } from '../evaluate/report/render-report.js';
import type { Leakage, StrangersReport } from '../evaluate/report/report.js';
import type { TrainingRecord } from '../evaluate/report/training-record.js';
import type { Reporter } from '../reporter.js';
import type { TrainedStrangers } from './learn-strangers.js';

export interface TrainingReportOptions {
  readonly leftOut: readonly LeftOut[];
  /** Whether pictures were left out in turn, or held back. */
  readonly kind: 'folds' | 'validation';
  /** The folder that these are of. */
  readonly folder: string;
  /** Path of the model's file. */
  readonly model: string;
  /** The model as ONNX, whatever its file is. */
  readonly onnx: Uint8Array;
  readonly record: TrainingRecord;
  readonly strangers: TrainedStrangers | null;
  /** The folder of pictures of other things. */
  readonly strangersFolder: string | undefined;
  readonly skipped: readonly SkippedPicture[];
  readonly suspectLabels: readonly SuspectLabel[];
  readonly leakage?: Leakage;
  /** Whether the report holds photos. */
  readonly pictures: boolean;
  readonly engine: Engine;
  readonly maxPixels: number | undefined;
  readonly workers: number | undefined;
}

/** @returns an HTML file that shows how a training went: the answers about the pictures that were left out */
export async function makeTrainingReport(
  { leftOut, onnx, record, strangers, strangersFolder, ...options }: TrainingReportOptions,
  reporter: Reporter,
): Promise<string> {
  const metadata = readMetadata(onnx);
  const { counts, history, bestEpoch } = record;
  const known = new Map(
    strangers?.known.map((picture) => [picture.path, isKnown(strangers.rule, picture)] as const),
  );
  const report = await collectReport(
    {
      ...options,
      ...{ metadata, bytes: onnx, counts, history, bestEpoch },
      answers: leftOut.map(({ picture: { path, label }, probabilities }) => ({
        ...{ path, label, probabilities },
        ...(known.has(path) ? { known: known.get(path) } : {}),
      })),
      strangers: strangers && describeStrangers(strangers, strangersFolder),
      facts: describeModel(metadata, {
        ...{ path: options.model, bytes: record.bytes, record },
        sha256: await sha256(onnx),
      }),
    },
    reporter,
  );
  return renderReport(report);
}

function describeStrangers(
  { rule, known, strange }: TrainedStrangers,
  folder: string | undefined,
): StrangersReport {
  const score = (measured: Measured) => scoreOf(rule, measured);
  return {
    ...{ mode: rule.mode, threshold: rule.threshold },
    ...{
      known: known.map(score),
      strange: strange?.map((picture) => ({ path: picture.path, score: score(picture) })) ?? null,
    },
    ...(folder === undefined ? {} : { folder }),
  };
}
