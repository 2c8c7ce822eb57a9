import { type EngineOptions, readModel } from '#platform';
import { checkClassifier } from '../../classifier/check-classifier.js';
import { explain } from '../../classifier/explain.js';
import type { Evaluation } from '../../classifier/metrics.js';
import { type Precision, precisionOf, storeWeights } from '../../classifier/precision.js';
import { sealModel } from '../../classifier/seal-model.js';
import { decodeModel } from '../../graph/onnx.js';
import { named, refuseOthers } from '../../named-options.js';
import { evaluateClassifier } from '../evaluate/evaluate.js';
import { type Reporter, silent } from '../reporter.js';
import { writeOver } from '../write-over.js';

export interface PublishOptions {
  /** Path of a trained model. */
  readonly model: string;
  /** File to write. */
  readonly out: string;
  /** How to store the weights. Default: as they are. */
  readonly precision?: Precision;
  /** Adds the output `heatmap`. Default false. */
  readonly explain?: boolean;
  /** Folder of classes to measure both models on. Default: they are not measured. */
  readonly validation?: string;
  /** Runs both models on the validation pictures. Default: ONNX Runtime. */
  readonly engine?: EngineOptions;
  /** Pictures with more pixels are skipped. Default 100 million. */
  readonly maxPixels?: number;
  /** Stops at a picture that cannot be used. Default false. */
  readonly strict?: boolean;
}

export interface Published {
  readonly labels: readonly string[];
  readonly precision: Precision;
  /** Sizes of the trained model and of the new file, in bytes. */
  readonly bytes: { readonly before: number; readonly after: number };
  /** How both did on the validation pictures; null where there were none. */
  readonly evaluation: { readonly before: Evaluation; readonly after: Evaluation } | null;
}

/**
 * Writes a trained model as it is to be used: checked, small if asked, and able to tell where it looked if asked.
 * The same model and options give the same bytes; without options, those of the model.
 *
 * @throws MetadataError or OnnxFormatError when it is no whole model of this project, PrecisionError when its weights
 * are small already in another way, ExplainError when its head cannot be differentiated
 */
export async function publishModel(options: PublishOptions, reporter: Reporter = silent): Promise<Published> {
  const {
    model: path,
    out,
    precision: wanted,
    explain: isExplained = false,
    validation,
    engine,
    maxPixels,
    strict,
    ...others
  } = named(options, 'publishModel');
  refuseOthers(others, 'publishModel', (probe) => publishModel(probe, reporter));
  const original = await readModel(path);
  const { labels } = await checkClassifier(original);
  const trained = decodeModel(original);
  const precision = wanted ?? precisionOf(trained.graph);
  const explained = isExplained ? explain(trained) : trained;
  const graph = storeWeights(explained.graph, precision);

  const isChanged = graph !== trained.graph;
  const metadata = { ...trained.metadata, ...(precision === 'fp32' ? {} : { precision: `"${precision}"` }) };
  const bytes = isChanged ? await sealModel({ ...trained, graph, metadata }) : original;
  await writeOver(out, bytes, reporter.info);

  const evaluate = (model: string) =>
    validation === undefined
      ? null
      : evaluateClassifier({ folder: validation, model, engine, maxPixels, strict }, reporter);
  const before = await evaluate(path);
  const after = before && isChanged ? await evaluate(out) : before;
  return {
    labels,
    precision,
    bytes: { before: original.length, after: bytes.length },
    evaluation: before && after && { before, after },
  };
}
