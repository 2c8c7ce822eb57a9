import { inferenceContext } from '../graph/inference.js';
import type { Preprocessing } from '../graph/preprocessing.js';
import type { Functional } from '../keras/models/functional.js';
import type { FeatureExtractor } from './backbone.js';
import { buildClassifier } from './build.js';
import type { Evaluation } from './metrics.js';
import { sealModel } from './seal-model.js';

export interface ExportOptions {
  /** Embedding (N, D) → probabilities (N, C). */
  readonly head: Functional;
  readonly preparation: {
    readonly preprocessing: Preprocessing;
    readonly backbone: Pick<FeatureExtractor, 'info' | 'licences' | 'write' | 'opset'>;
  };
  readonly labels: readonly string[];
  /** The scores on pictures that the model was not trained on; `null` where there were none. */
  readonly evaluation: Pick<Evaluation, 'samples' | 'loss' | 'accuracy'> | null;
}

/** Joins preprocessing, backbone and head into one ONNX file that describes itself, and is sealed. */
export function exportClassifier({
  head,
  preparation,
  labels,
  evaluation,
}: ExportOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { backbone, preprocessing } = preparation;
  const model = buildClassifier({
    metadata: {
      labels,
      preprocessing,
      backbone: backbone.info,
      ...(evaluation
        ? { metrics: { samples: evaluation.samples, loss: evaluation.loss, accuracy: evaluation.accuracy } }
        : {}),
      licences: backbone.licences,
    },
    backbone: backbone.write,
    opset: backbone.opset,
    head: (g, embedding) => head.forward(inferenceContext(g), [embedding]).output,
  });
  return sealModel(model);
}
