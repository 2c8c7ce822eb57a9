/** Means and deviations of float32 values, rounded where NumPy rounds them. */
import { float32, type Tensor } from '../../graph/tensor.js';
import { eigenSymmetric } from './eigen.js';

/** Sums at most this many values without splitting them: NumPy's `PW_BLOCKSIZE`. */
const BLOCK = 128;

/** NumPy's pairwise sum: halves are summed apart, blocks in eight interleaved strands. */
export function pairwiseSum(values: Float32Array): number {
  const { length } = values;
  const add = (a: number, b: number) => Math.fround(a + b);
  if (length < 8) return values.reduce(add, 0);
  if (length > BLOCK) {
    const half = Math.floor(length / 2) - (Math.floor(length / 2) % 8);
    return add(pairwiseSum(values.subarray(0, half)), pairwiseSum(values.subarray(half)));
  }
  const strands = values.slice(0, 8);
  const whole = length - (length % 8);
  for (let i = 8; i < whole; i++) strands[i % 8]! += values[i]!;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = strands;
  const sum = add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)));
  return values.subarray(whole).reduce(add, sum);
}

/** Sums of each channel over everything before it: one value after the other, as NumPy adds along outer axes. */
function channelSums(values: Float32Array, channels: number): Float32Array {
  if (channels === 1) return Float32Array.of(pairwiseSum(values));
  const sums = new Float32Array(channels);
  for (let i = 0, channel = 0; i < values.length; i++) {
    sums[channel]! += values[i]!;
    if (++channel === channels) channel = 0;
  }
  return sums;
}

/** The mean of each channel: `np.mean(x, axis=(0, 1, 2))` for pictures (N, H, W, C). */
export const channelMeans = (values: Float32Array, channels: number): Float32Array =>
  channelSums(values, channels).map((sum) => sum / (values.length / channels));

/** The standard deviation of each channel: `np.std(x, axis=(0, 1, 2))`. */
export function channelDeviations(values: Float32Array, channels: number): Float32Array {
  const means = channelMeans(values, channels);
  const squares = values.map((value, i) => Math.fround(value - means[i % channels]!) ** 2);
  return channelMeans(squares, channels).map(Math.sqrt);
}

export function mean(values: Float32Array): number {
  const [value = Number.NaN] = channelMeans(values, 1);
  return value;
}

export function deviation(values: Float32Array): number {
  const [value = Number.NaN] = channelDeviations(values, 1);
  return value;
}

/**
 * The matrix that whitens pictures and changes them as little as possible (ZCA).
 *
 * With the singular values s and vectors u of the N pictures as columns, `u · diag(√N / (s + epsilon)) · uᵀ`.
 * Keras takes them from a float32 SVD, so that directions in which the pictures do not vary carry amplified rounding
 * noise; here they are left out.
 *
 * @param x float32 (N, …), centred
 * @returns float32 (D, D), where D is the number of values of a picture
 */
export function zcaMatrix({ data, dims }: Tensor<'float32'>, epsilon: number): Tensor<'float32'> {
  const [n = 0] = dims;
  const d = data.length / n;
  const { vectors, singular } = d <= n ? directions(data, n, d) : directionsOfFew(data, n, d);
  const resolution = Math.max(...singular) * Math.max(n, d) * 2 ** -23;
  const whitening = new Float64Array(d * d);
  for (const [k, u] of vectors.entries()) {
    const s = singular[k] ?? 0;
    if (s <= resolution) continue;
    const gain = Math.sqrt(n) / (s + epsilon);
    for (let i = 0; i < d; i++) {
      const scaled = u[i]! * gain;
      for (let j = 0; j < d; j++) whitening[i * d + j]! += scaled * u[j]!;
    }
  }
  return float32(new Float32Array(whitening), [d, d]);
}

interface Directions {
  /** Unit vectors of D values. */
  vectors: Float64Array[];
  singular: number[];
}

/** From the D × D products of pixels. */
function directions(x: Float32Array, n: number, d: number): Directions {
  const products = new Float64Array(d * d);
  for (let row = 0; row < n; row++)
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) products[i * d + j]! += x[row * d + i]! * x[row * d + j]!;
  const { values, vectors } = eigenSymmetric(products, d);
  return { vectors, singular: values.map((value) => Math.sqrt(Math.max(value, 0))) };
}

/** From the N × N products of pictures, where there are fewer of them than pixels. */
function directionsOfFew(x: Float32Array, n: number, d: number): Directions {
  const picture = (i: number) => x.subarray(i * d, (i + 1) * d);
  const products = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const [a, b] = [picture(i), picture(j)];
      products[i * n + j] = products[j * n + i] = a.reduce((sum, value, k) => sum + value * b[k]!, 0);
    }
  const { values, vectors } = eigenSymmetric(products, n);
  const singular = values.map((value) => Math.sqrt(Math.max(value, 0)));
  const combined = vectors.map((weights, k) => {
    const u = new Float64Array(d);
    for (let i = 0; i < n; i++) {
      const weight = weights[i]! / (singular[k]! || 1);
      for (const [pixel, value] of picture(i).entries()) u[pixel]! += weight * value;
    }
    return u;
  });
  return { vectors: combined, singular };
}
