/** The weights and pictures of tools/goldens/backbone.py, bit for bit. */
import type { Functional } from '../../src/keras/models/functional.js';

/** Numbers on [0, 1): a hash of the position (the finaliser of MurmurHash3). */
export function noise(count: number, seed: number): Float64Array {
  const start = Number((BigInt(seed) * 0x9e3779b9n) % 2n ** 32n);
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (start + i) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    return (x >>> 0) / 2 ** 32;
  });
}

/** Fills the model with weights that keep the size of activations from layer to layer. */
export function seedWeights(model: Functional): void {
  let seed = 0;
  for (const layer of model.layers)
    for (const weight of layer.weights) {
      const u = noise(weight.value.length, ++seed);
      const product = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);
      const isDepthwise = layer.className === 'DepthwiseConv2D' || weight.name === 'depthwise_kernel';
      const fanIn = product(isDepthwise ? weight.shape.slice(0, 2) : weight.shape.slice(0, -1));
      const scale = Math.sqrt(6 / fanIn);
      // What is added to a sum without a limit has to be small.
      const factor = layer.name.includes('project') && weight.name === 'gamma' ? 0.1 : 1;
      weight.assign(
        Float32Array.from(u, (v) => {
          if (weight.dtype === 'int64') return 0;
          if (weight.name.includes('kernel')) return (2 * v - 1) * scale;
          if (weight.name === 'gamma' || /^(moving_)?variance$/.test(weight.name)) return (0.5 + v) * factor;
          return 0.25 * (2 * v - 1);
        }),
      );
    }
}

/** uint8 (1, size, size, 3) */
export const picture = (size: number, seed = 0) => ({
  type: 'uint8' as const,
  dims: [1, size, size, 3],
  data: Uint8Array.from(noise(size * size * 3, seed), (v) => Math.floor(v * 256)),
});
