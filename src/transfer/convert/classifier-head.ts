/** From the outputs of other people's models to the probabilities of classes. */
import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { Activation } from '../../keras/layers/activation.js';
import { Convolution } from '../../keras/layers/base-conv.js';
import { Dense } from '../../keras/layers/dense.js';
import { Dropout } from '../../keras/layers/dropout.js';
import { Flatten } from '../../keras/layers/flatten.js';
import { Inert } from '../../keras/layers/inert.js';
import type { KerasTensor } from '../../keras/layers/layer.js';
import { Rescaling } from '../../keras/layers/rescaling.js';
import { Reshape } from '../../keras/layers/reshape.js';
import { Softmax } from '../../keras/layers/softmax.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
} from '../../keras/losses/index.js';
import { Functional } from '../../keras/models/functional.js';
import type { Model } from '../../keras/models/model.js';

/** A function that makes probabilities of numbers of any size. */
export const headActivations = ['softmax', 'sigmoid'] as const;
export type HeadActivation = (typeof headActivations)[number];

export interface ClassifierHead {
  /** Follows the last layer; `null` where that ends in probabilities. */
  readonly added: HeadActivation | null;
  /** Whether the one output p tells two classes apart: [1 − p, p]. */
  readonly isPair: boolean;
  /** Sentences on all of that. */
  readonly notes: readonly string[];
}

/**
 * How the outputs of a model become probabilities.
 *
 * @param activation follows a last layer that is linear. Default: as the loss says that the model was compiled with
 * @throws ValueError where nothing says it, or the model ends in another function
 */
export function headOf(model: Model, activation?: HeadActivation): ClassifierHead {
  const { layer } = model.outputTensor;
  const last = activationOf(model.outputTensor);
  const isPair = model.outputShape.at(-1) === 1;
  const ends = last === 'softmax' || last === 'sigmoid' ? last : null;
  if (ends && activation && activation !== ends)
    throw new ValueError(
      `Expected \`activation\` for a model that ends in no probabilities. Received: '${activation}' for one that ends in a ${ends}.`,
    );
  const added = ends ? null : (activation ?? activationOfLoss(model));
  if (!ends && !added)
    throw new ValueError(
      `Expected a model that ends in probabilities. Received: layer '${layer.name}' (${layer.className}), which is ${last ?? 'no activation'}, and no loss of logits. Hint: choose 'softmax' (one class of several) or 'sigmoid' (yes or no) with \`activation\`.`,
    );
  if (isPair && (ends ?? added) === 'softmax')
    throw new ValueError('Expected several outputs for a softmax. Received: 1, whose softmax is always 1.');
  const notes = [];
  if (added)
    notes.push(
      `The last layer, '${layer.name}', gives no probabilities: a ${added} follows it now, as ${activation ? '`activation`' : 'the loss'} says.`,
    );
  return { added, isPair, notes };
}

/** Probabilities (N, C) of outputs (N, C), or for a pair (N, 1). */
export function writeProbabilities(g: GraphBuilder, output: Value, { added, isPair }: ClassifierHead): Value {
  const probabilities =
    added === 'softmax'
      ? g.op('Softmax', [output], { axis: -1 })
      : added === 'sigmoid'
        ? g.op('Sigmoid', [output])
        : output;
  if (!isPair) return probabilities;
  return g.op('Concat', [g.op('Sub', [g.scalar(1), probabilities]), probabilities], { axis: 1 });
}

/** The function that an output went through last; `null` where it is none of Keras's. */
function activationOf({ layer, inputs }: KerasTensor): string | null {
  if (layer instanceof Functional) return activationOf(layer.outputTensor);
  if (layer instanceof Softmax) return 'softmax';
  const [input] = inputs;
  if (layer instanceof Activation && layer.activation.name === 'linear' && input) return activationOf(input);
  if (layer instanceof Dense || layer instanceof Activation || layer instanceof Convolution)
    return layer.activation.name;
  const passes = [Reshape, Flatten, Dropout, Inert].some((type) => layer instanceof type);
  return passes && input ? activationOf(input) : null;
}

/** The function that belongs to a loss which takes logits. */
function activationOfLoss({ loss }: Model): HeadActivation | null {
  if (loss instanceof BinaryCrossentropy) return loss.fromLogits ? 'sigmoid' : null;
  if (loss instanceof CategoricalCrossentropy || loss instanceof SparseCategoricalCrossentropy)
    return loss.fromLogits ? 'softmax' : null;
  return null;
}

/** Whether the first layers of a model bring levels from 0 to 255 near 0, so that it wants them as they are. */
export function scalesLevels(model: Functional): boolean {
  let [scale, offset] = [1, 0];
  const first = (value: number | readonly number[]) => (typeof value === 'number' ? value : (value[0] ?? 0));
  /** Follows the input as long as it is scaled or passed on. @returns whether it is so to the end */
  const follow = ({ inputs: [input], tensors }: Functional): boolean => {
    let read = input;
    for (const tensor of tensors) {
      const { layer } = tensor;
      if (!read || !tensor.inputs.includes(read)) continue;
      if (layer instanceof Rescaling) {
        scale *= first(layer.scale);
        offset = offset * first(layer.scale) + first(layer.offset);
      } else if (layer instanceof Functional ? !follow(layer) : !(layer instanceof Inert)) return false;
      read = tensor;
    }
    return true;
  };
  follow(model);
  // By a hundredth or so, or, as for ResNet, by the mean of ImageNet.
  return Math.abs(scale) <= 0.05 || Math.abs(offset) >= 50;
}
