/** A fitted head as plain arrays, which workers hand over and browsers store; and as Keras's layers. */

import type { Tensor } from '../graph/tensor.js';
import { Add } from '../keras/layers/add.js';
import { Dense } from '../keras/layers/dense.js';
import type { KerasTensor } from '../keras/layers/layer.js';
import { Rescaling } from '../keras/layers/rescaling.js';
import { UnitNormalization } from '../keras/layers/unit-normalization.js';
import type { FittedHead } from './fit-head.js';
import type { Logistic } from './logistic.js';

/** The weights of a `FittedHead`. */
export interface PackedHead {
  /** Kernel (D, units) and bias (units) of each dense layer in turn, flat; and the temperature. */
  readonly dense: { readonly weights: readonly Float32Array[]; readonly temperature: number } | null;
  readonly logistic: Logistic | null;
  /** log(n_c/N) of each class, to be subtracted from logits. */
  readonly logPrior: Float32Array | null;
}

/** @returns copies, which training on does not change */
export function packHead({ dense, logistic, logPrior }: FittedHead): PackedHead {
  return {
    dense: dense && {
      weights: dense.model.getWeights().map((weights) => weights.slice()),
      temperature: dense.temperature,
    },
    logistic,
    logPrior,
  };
}

/**
 * A head as Keras's layers: embedding (N, D) → probabilities (N, C), the same numbers as the graph's.
 *
 * Temperature and prior are in the weights of the last layer, √D in those of the logistic one.
 */
export function toKerasHead({ dense, logistic, logPrior }: PackedHead, embedding: KerasTensor): KerasTensor {
  const less = (bias: Float32Array) => bias.map((value, c) => value - (logPrior?.[c] ?? 0));
  const parts: KerasTensor[] = [];
  if (dense) {
    const { weights, temperature } = dense;
    let x = embedding;
    for (let i = 0; i < weights.length; i += 2) {
      const [kernel, bias] = [partOf(weights, i), partOf(weights, i + 1)];
      const isLast = i + 2 >= weights.length;
      const layer = new Dense({
        units: bias.length,
        activation: isLast ? 'softmax' : 'relu',
        name: i === 0 ? 'dense' : `dense_${i / 2}`,
      });
      x = layer.apply(x);
      const cool = (values: Float32Array) => values.map((value) => value / temperature);
      layer.setWeights(isLast ? [cool(kernel), less(cool(bias))] : [kernel, bias]);
    }
    parts.push(x);
  }
  if (logistic) {
    const { kernel, bias } = logistic;
    const layer = new Dense({ units: bias.data.length, activation: 'softmax', name: 'logistic' });
    parts.push(layer.apply(new UnitNormalization({ name: 'unit_normalization' }).apply(embedding)));
    layer.setWeights([scaled(kernel), less(bias.data)]);
  }
  const [first, second] = parts;
  if (first === undefined)
    throw new Error('Expected a head of dense layers, of logistic regression, or both. Received: neither.');
  if (second === undefined) return first;
  const sum = new Add({ name: 'add' }).apply([first, second]);
  return new Rescaling({ scale: 0.5, name: 'mean' }).apply(sum);
}

/** The kernel for rows of length 1 in place of √D. */
const scaled = ({ data, dims: [features = 0] }: Tensor<'float32'>): Float32Array =>
  data.map((value) => value * Math.sqrt(features));

function partOf(weights: readonly Float32Array[], index: number): Float32Array {
  const part = weights[index];
  if (!part)
    throw new Error(`Expected a kernel and a bias of each layer. Received: ${weights.length} parts.`);
  return part;
}
