import { sha256 } from '#platform';
import { checkWeights } from '../graph/finite-weights.js';
import type { Model } from '../graph/graph.js';
import { encodeModel } from '../graph/onnx.js';
import { seal } from '../graph/seal.js';

/**
 * Writes a model as a file that users keep: sealed, so that readers notice when it is damaged.
 *
 * @throws OnnxFormatError when a weight is NaN or infinite
 */
export async function sealModel(model: Model): Promise<Uint8Array<ArrayBuffer>> {
  checkWeights(model.graph);
  return seal(encodeModel(model), sha256);
}
