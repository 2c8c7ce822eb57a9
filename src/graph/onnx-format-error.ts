/** A file that is not an ONNX model, or one that this project cannot read. */
import { UserError } from '../errors.js';
export class OnnxFormatError extends UserError {
  override name = 'OnnxFormatError';
}
