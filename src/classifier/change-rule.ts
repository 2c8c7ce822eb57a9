import { decodeModel } from '../graph/onnx.js';
import { sealModel } from './seal-model.js';
import type { StrangerRule } from './strangers.js';

/** The same model with another rule for what counts as known, sealed anew. @param file an ONNX file with a rule */
export async function changeRule(file: Uint8Array, rule: StrangerRule): Promise<Uint8Array<ArrayBuffer>> {
  const model = decodeModel(file);
  return sealModel({ ...model, metadata: { ...model.metadata, strangers: JSON.stringify(rule) } });
}
