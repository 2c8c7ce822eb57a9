/** Checks of arguments that Keras's image classification models share. Source: keras.src.applications.imagenet_utils. */

import { readFile } from '#platform';
import { ValueError } from '../../errors.js';
import { type ActivationName, getActivation } from '../activations.js';
import { InputLayer } from '../layers/input.js';
import type { KerasTensor } from '../layers/layer.js';
import { pythonTuple } from '../python/format.js';

/** Height, width and channels; `null` where any size will do. */
export type InputShape = readonly (number | null)[];

/** @throws ValueError when `weights` is the path of no file, in Keras's words */
export async function readWeightsPath(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw Object.assign(
      new ValueError(
        `The \`weights\` argument should be either \`None\` (random initialization), 'imagenet' (pre-training on ImageNet), or the path to the weights file to be loaded. Received weights=${path}`,
      ),
      { cause },
    );
  }
}

export interface InputShapeRequest {
  inputShape: InputShape | null;
  /** Height and width with the top, where no shape is given. */
  defaultSize: number;
  /** The smallest height and width. */
  minSize: number;
  includeTop: boolean;
  /** Whether pre-trained weights with 3 channels are loaded. */
  pretrained: boolean;
  warn: (message: string) => void;
}

/** Keras's `obtain_input_shape`. @throws ValueError for a shape that the model cannot have, in Keras's words */
export function obtainInputShape(request: InputShapeRequest): InputShape {
  const { inputShape, defaultSize, minSize, includeTop, pretrained, warn } = request;
  const channels = (inputShape?.length === 3 && !pretrained ? inputShape[2] : 3) ?? null;
  if (channels !== 1 && channels !== 3)
    warn(
      `This model usually expects 1 or 3 input channels. However, it was passed an input_shape with ${channels} input channels.`,
    );
  const defaultShape = [defaultSize, defaultSize, channels];
  if (pretrained && includeTop) {
    if (inputShape && inputShape.join() !== defaultShape.join())
      throw new ValueError(
        `When setting \`include_top=True\` and loading \`imagenet\` weights, \`input_shape\` should be ${pythonTuple(defaultShape)}.  Received: input_shape=${pythonTuple(inputShape)}`,
      );
    return defaultShape;
  }
  if (!inputShape) return includeTop ? defaultShape : [null, null, 3];
  if (inputShape.length !== 3) throw new ValueError('`input_shape` must be a tuple of three integers.');
  const received = pythonTuple(inputShape);
  if (inputShape[2] !== 3 && pretrained)
    throw new ValueError(`The input must have 3 channels; Received \`input_shape=${received}\``);
  if (inputShape.slice(0, 2).some((length) => length !== null && length < minSize))
    throw new ValueError(
      `Input size must be at least ${minSize}x${minSize}; Received: input_shape=${received}`,
    );
  if (includeTop && inputShape.includes(null))
    throw new ValueError(
      `If \`include_top\` is True, you should specify a static \`input_shape\`. Received: input_shape=${received}`,
    );
  return inputShape;
}

/** @throws ValueError when pre-trained weights would be read through another function, in Keras's words */
export function checkClassifierActivation(activation: ActivationName | null, weights: unknown): void {
  if (weights === null) return;
  const { name } = getActivation(activation);
  if (name !== 'softmax' && name !== 'linear')
    throw new ValueError(
      `Only \`None\` and \`softmax\` activations are allowed for the \`classifier_activation\` argument when using pretrained weights, with \`include_top=True\`; Received: classifier_activation=${activation}`,
    );
}

/** The inputs that a symbolic tensor is computed from. */
export function sourceInputs(tensor: KerasTensor): KerasTensor[] {
  if (tensor.layer instanceof InputLayer) return [tensor];
  return [...new Set(tensor.inputs.flatMap(sourceInputs))];
}
