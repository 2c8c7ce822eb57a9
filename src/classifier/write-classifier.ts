import type { Preprocessing } from '../graph/preprocessing.js';
import type { FeatureExtractor } from './backbone.js';
import { buildClassifier } from './build.js';
import type { FittedHead } from './fit-head.js';
import type { Evaluation } from './metrics.js';
import { sealModel } from './seal-model.js';
import type { StrangerModel } from './strangers.js';
import { writeHead, writeStrangers } from './write-head.js';

export interface ExportOptions {
  /** The trained parts. */
  readonly head: FittedHead;
  /** How strangers are told; `null` where they are not. Default `null`. */
  readonly strangers?: StrangerModel | null;
  /** The frozen part. */
  readonly preparation: {
    readonly preprocessing: Preprocessing;
    readonly backbone: Pick<FeatureExtractor, 'info' | 'licences' | 'write' | 'opset'>;
  };
  /** The classes, in the order of the probabilities. */
  readonly labels: readonly string[];
  /** The scores on pictures that the model was not trained on; `null` where there were none. */
  readonly evaluation: Pick<Evaluation, 'samples' | 'loss' | 'accuracy'> | null;
}

/** Joins preprocessing, backbone and head into one ONNX file that describes itself, and is sealed. */
export function exportClassifier({
  head,
  strangers = null,
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
      ...(strangers ? { strangers: strangers.rule } : {}),
    },
    backbone: backbone.write,
    opset: backbone.opset,
    head: (g, embedding) => writeHead(g, embedding, head),
    ...(strangers ? { strangers: (g, embedding) => writeStrangers(g, embedding, strangers, head) } : {}),
  });
  return sealModel(model);
}
