/** A file that is not an ONNX model, or one that this project cannot read. */
export class OnnxFormatError extends Error {
  override name = 'OnnxFormatError';
}
