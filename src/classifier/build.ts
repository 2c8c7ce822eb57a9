import { GraphBuilder } from '../graph/builder.js';
import { fold } from '../graph/fold.js';
import type { Model, Value } from '../graph/graph.js';
import { normalisePixels, resizePixels } from '../graph/preprocessing.js';
import { type ModelMetadata, writeMetadata } from './metadata.js';

export interface ClassifierOptions {
  /** Labels and preprocessing, which the file carries. */
  metadata: ModelMetadata;
  /**
   * Writes the frozen layers.
   *
   * @param images float32 (N, 3, height, width), normalised
   * @returns `embedding`, float32 (N, D)
   */
  backbone: (g: GraphBuilder, images: Value) => { readonly embedding: Value };
  /**
   * Writes the trained layers.
   *
   * @param embedding float32 (N, D)
   * @returns probabilities, float32 (N, C)
   */
  head: (g: GraphBuilder, embedding: Value) => Value;
  /**
   * Writes how known a picture looks, where the model can tell. Default: none.
   *
   * @returns `familiarity` and perhaps `energy`, float32 (N)
   */
  strangers?: (g: GraphBuilder, embedding: Value) => Readonly<Record<string, Value>>;
  /** The graph's name. Default `'classifier'`. */
  name?: string;
  /** The operator set that `backbone` writes in. Default 13. */
  opset?: number;
}

/**
 * Joins preprocessing, backbone and head into one model that describes itself, batch normalisation folded.
 *
 * It reads `pixels`, uint8 (N, H, W, 3), RGB, of any size, upright and cropped as `metadata.preprocessing` says, and
 * returns `probabilities`, float32 (N, C), in the order of `metadata.labels`, and the outputs of `strangers`.
 *
 * @example
 * const model = buildClassifier({
 *   metadata: { labels, preprocessing },
 *   backbone,
 *   head: (g, embedding) => head.forward(inferenceContext(g), [embedding]).output,
 * });
 * await writeFile('model.onnx', encodeModel(model));
 */
export function buildClassifier({
  metadata,
  backbone,
  head,
  strangers,
  name = 'classifier',
  opset = 13,
}: ClassifierOptions): Model {
  const { labels, preprocessing } = metadata;
  const g = new GraphBuilder(name);
  const pixels = g.input('pixels', 'uint8', ['N', 'H', 'W', 3]);
  const images = g.scope('preprocessing', () =>
    normalisePixels(g, resizePixels(g, pixels, preprocessing.size), preprocessing),
  );
  const { embedding } = g.scope('backbone', () => backbone(g, images));
  const probabilities = g.scope('head', () => head(g, embedding));
  g.output('probabilities', probabilities, 'float32', ['N', labels.length]);
  const measures = g.scope('strangers', () => strangers?.(g, embedding) ?? {});
  for (const [measure, value] of Object.entries(measures)) g.output(measure, value, 'float32', ['N']);
  // Resize knows antialiasing since opset 18.
  return { graph: fold(g.build()), opset: Math.max(18, opset), metadata: writeMetadata(metadata) };
}
