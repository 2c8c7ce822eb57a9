import { openEngine, readModel, sha256 } from '#platform';
import type { SkippedPicture } from '../../../classifier/dataset.js';
import type { ModelMetadata } from '../../../classifier/metadata.js';
import { withReject } from '../../../classifier/strangers.js';
import { findSuspectLabels } from '../../../classifier/suspect-labels.js';
import type { ClassifyFilesOptions } from '../../predict/classify-files.js';
import type { Reporter } from '../../reporter.js';
import { writeOver } from '../../write-over.js';
import { collectReport } from './collect-report.js';
import { describeModel } from './describe-model.js';
import { renderReport } from './render-report.js';
import type { Answer, Leakage, StrangersReport } from './report.js';
import { readTrainingRecord } from './training-record.js';

/** The answers of a model about a folder of classes. */
export interface EvaluationAnswers {
  /** Of the report. */
  readonly path: string;
  /** Whether the report holds photos. */
  readonly pictures: boolean;
  readonly folder: string;
  /** That the answers were made with. */
  readonly options: ClassifyFilesOptions;
  readonly metadata: ModelMetadata;
  readonly answers: readonly Answer[];
  /** Of the answers, where the model tells strangers; empty where it does not. */
  readonly scores: readonly number[];
  /** Of pictures of other things, and their folder. */
  readonly strange: StrangersReport['strange'];
  readonly strangers: string | undefined;
  readonly skipped: readonly SkippedPicture[];
  /** Pictures that training has seen, where the training pictures are known. */
  readonly leakage?: Leakage;
}

/** Writes what `evaluateClassifier` has found as one HTML file. */
export async function writeEvaluation(
  { path, pictures, options, metadata, scores, strange, strangers, ...found }: EvaluationAnswers,
  reporter: Reporter,
): Promise<void> {
  const { model, maxPixels, workers, reject } = options;
  const bytes = await readModel(model);
  const record = await readTrainingRecord(model, bytes.length);
  const rule = metadata.strangers && scores.length > 0 ? metadata.strangers : null;
  const known = rule && (reject === undefined ? rule : withReject(rule, reject));
  const engine = await openEngine(options.engine);
  const report = await collectReport(
    {
      ...found,
      ...{ kind: 'test', model, metadata, bytes, pictures, engine, maxPixels, workers },
      suspectLabels: findSuspectLabels(
        found.answers.map(({ path, label, probabilities }) => ({ picture: { path, label }, probabilities })),
      ),
      counts: record?.counts ?? null,
      history: record?.history ?? null,
      bestEpoch: record?.bestEpoch ?? 0,
      strangers: known && {
        ...{ mode: known.mode, threshold: known.threshold, known: scores, strange },
        ...(strangers === undefined ? {} : { folder: strangers }),
      },
      facts: describeModel(metadata, {
        ...{ path: model, bytes: bytes.length, record },
        sha256: await sha256(bytes),
      }),
    },
    reporter,
  );
  const html = new TextEncoder().encode(renderReport(report));
  await writeOver(path, html);
  reporter.info(`${path}: ${(html.length / 1e6).toFixed(1)} MB${pictures ? ', photos in it' : ''}`);
}
