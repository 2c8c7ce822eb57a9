import { buildClassifier, type ClassifierOptions } from '../../src/classifier/build.js';
import type { ModelMetadata } from '../../src/classifier/metadata.js';
import type { GraphBuilder } from '../../src/graph/builder.js';
import type { Model, Value } from '../../src/graph/graph.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { tfScaling } from '../../src/graph/preprocessing.js';
import { float32 } from '../../src/graph/tensor.js';
import { Variable } from '../../src/keras/variable.js';

/** Numbers in [−1, 1), the same in every run: a linear congruential generator (Numerical Recipes). */
export function seededNumbers(count: number, seed: number, scale = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

export const metadata: ModelMetadata = {
  labels: ['apple', 'Banane', 'さくらんぼ', 'fig "dried"', 'grape'],
  preprocessing: { size: [96, 128], crop: 'none', exif: true, ...tfScaling },
  backbone: { name: 'stand-in', alpha: 1, weights: 'seeded', licence: 'MIT' },
  metrics: { samples: 70, loss: 0.125, accuracy: 0.9571428571428572 },
  licences: [{ work: 'stand-in weights', licence: 'MIT', credit: 'nobody' }],
};

/** Two strided convolutions and the mean over the map: images (N, 3, height, width) → embedding (N, 24). */
export function backbone(g: GraphBuilder, images: Value): { embedding: Value } {
  const convolve = (x: Value, inputs: number, outputs: number, seed: number) => {
    const kernel = float32(seededNumbers(outputs * inputs * 9, seed, Math.sqrt(3 / inputs / 9)), [
      outputs,
      inputs,
      3,
      3,
    ]);
    return g.op('Relu', [
      g.op('Conv', [x, g.initializer('kernel', kernel)], { strides: [2, 2], pads: [0, 0, 1, 1] }),
    ]);
  };
  const map = convolve(convolve(images, 3, 12, 1), 12, 24, 2);
  return { embedding: g.op('Flatten', [g.op('GlobalAveragePool', [map])]) };
}

/** One dense layer with softmax: embedding (N, 24) → probabilities (N, 5), steep enough to tell pictures apart. */
export function head(g: GraphBuilder, embedding: Value): Value {
  const { weight } = inferenceContext(g);
  const kernel = new Variable('kernel', [24, 5], seededNumbers(24 * 5, 3, 6));
  const bias = new Variable('bias', [5], seededNumbers(5, 4, 0.1));
  return g.op('Softmax', [g.op('Gemm', [embedding, weight(kernel), weight(bias)])], { axis: 1 });
}

/** A classifier that nobody trained, real in every other way. */
export const seededClassifier = (options: Partial<ClassifierOptions> = {}): Model =>
  buildClassifier({ metadata, backbone, head, ...options });
