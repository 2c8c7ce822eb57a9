import { readHumanModel } from '#platform';
import { ValueError } from '../../errors.js';
import { caffeScaling } from '../../graph/preprocessing.js';
import type { Tensor } from '../../graph/tensor.js';
import type { Layer } from '../layers/layer.js';
import type { Functional } from '../models/functional.js';
import { preprocessInputOf } from '../preprocessing/preprocess-input.js';
import { readTfjsWeights, type TfjsModel } from '../saving/tfjs.js';

/** A MobileNet trained on VGGFace2's faces, in TF.js's format: `faceres` of the npm package `@vladmandic/human`. */
export interface FaceWeights {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The file of the weights themselves. */
  readonly bytes: Uint8Array;
}

export async function readFaceWeights(): Promise<FaceWeights> {
  const [json, bytes] = await Promise.all([readHumanModel('faceres.json'), readHumanModel('faceres.bin')]);
  const { weightsManifest } = JSON.parse(new TextDecoder().decode(json)) as TfjsModel;
  return { tensors: readTfjsWeights(weightsManifest, { 'faceres.bin': bytes }), bytes };
}

/**
 * Puts the weights into MobileNet's layers.
 *
 * They come with batch normalisation folded, into a factor and a shift for depthwise convolutions, and into the
 * kernel and a shift for the others. Here the factor becomes gamma, the shift beta, and the moving statistics are
 * those that change nothing: mean 0, variance 1 − ε.
 *
 * @param model MobileNet of alpha 1 without its top
 */
export function loadFaceWeights(model: Functional, { tensors }: FaceWeights): void {
  const find = (name: string) => {
    const data = tensors.get(name)?.data;
    if (data instanceof Float32Array) return data;
    throw new ValueError(`Expected the weight '${name}' in faceres.bin. Received: none.`);
  };
  for (const layer of model.layers) {
    const { name } = layer;
    if (layer.className === 'DepthwiseConv2D') layer.setWeights([find(`${name}/depthwise_kernel`)]);
    if (layer.className === 'Conv2D') layer.setWeights([find(`${name}/convolution/merged_input`)]);
    if (layer.className === 'BatchNormalization') {
      const shift = find(`${name}/batchnorm_1/sub`);
      const isDepthwise = name.startsWith('conv_dw_');
      const factor = isDepthwise ? find(`${name}/batchnorm_1/mul`) : shift.map(() => 1);
      const variance = 1 - epsilonOf(layer);
      layer.setWeights([factor, shift, shift.map(() => 0), shift.map(() => variance)]);
    }
  }
}

const epsilonOf = (layer: Layer): number => layer.getConfig().epsilon as number;

/**
 * Turns RGB levels from 0 to 255, pixel by pixel, as the face weights want it: BGR less ImageNet's mean.
 *
 * Source: keras.applications.imagenet_utils.preprocess_input with `mode='caffe'`.
 */
export const preprocessInput = preprocessInputOf(caffeScaling);
