/** Whether weights are a model that somebody exported. */
export const isOnnx = (weights: string | null | undefined): weights is `${string}.onnx` =>
  weights?.toLowerCase().endsWith('.onnx') ?? false;
