import { ValueError } from '../../errors.js';
import { InputLayer } from '../layers/input.js';
import type { KerasTensor, Layer } from '../layers/layer.js';
import type { Functional } from '../models/functional.js';

/**
 * The uses of a layer within a model, in order, as configurations count them.
 *
 * @throws ValueError when the model begins with something else than an `Input`, which no configuration can say
 */
export function usesIn(model: Functional): (layer: Layer) => KerasTensor[] {
  const own = new Set(model.tensors);
  for (const { layer } of model.inputs)
    if (!(layer instanceof InputLayer))
      throw new ValueError(
        `Expected every input of the model '${model.name}' to be an \`Input\`. Received: the output of layer '${layer.name}'. Hint: make the model with \`Input\` at its beginning.`,
      );
  return (layer) => layer.uses.filter((output) => own.has(output));
}
