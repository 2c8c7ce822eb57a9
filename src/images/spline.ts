/** B-splines on a grid of pixels, as `scipy.ndimage` has them (Unser, Aldroubi and Eden, 1993). */

/** The degree of a spline: 0 nearest, 1 linear, 3 cubic. */
export type SplineOrder = 0 | 1 | 2 | 3 | 4 | 5;

/** Roots inside the unit circle of each order's B-spline filter. */
const poles: Record<SplineOrder, readonly number[]> = {
  0: [],
  1: [],
  2: [Math.sqrt(8) - 3],
  3: [Math.sqrt(3) - 2],
  4: [
    Math.sqrt(664 - Math.sqrt(438976)) + Math.sqrt(304) - 19,
    Math.sqrt(664 + Math.sqrt(438976)) - Math.sqrt(304) - 19,
  ],
  5: [
    Math.sqrt(67.5 - Math.sqrt(4436.25)) + Math.sqrt(26.25) - 6.5,
    Math.sqrt(67.5 + Math.sqrt(4436.25)) - Math.sqrt(26.25) - 6.5,
  ],
};

/** The first of the `order + 1` pixels that a spline reads at the coordinate `x`. */
export const firstPixel = (x: number, order: SplineOrder): number =>
  Math.floor(order % 2 ? x : x + 0.5) - (order >> 1);

/**
 * The weights of the pixels that a spline reads at the coordinate `x`, by de Boor's recurrence on unit knots.
 *
 * @param weights receives `order + 1` values, which sum to 1
 */
export function splineWeights(x: number, order: SplineOrder, weights: Float64Array): void {
  const shifted = order % 2 ? x : x + 0.5;
  const u = shifted - Math.floor(shifted);
  weights[0] = 1;
  for (let degree = 1; degree <= order; degree++) {
    let carried = 0;
    for (let k = 0; k < degree; k++) {
      const share = weights[k]! / degree;
      weights[k] = carried + (k + 1 - u) * share;
      carried = (u + degree - 1 - k) * share;
    }
    weights[degree] = carried;
  }
}

/**
 * Turns the `length` values at `start`, `start + stride`, … into the coefficients of the spline through them.
 *
 * @param edge how the signal goes on beyond its ends: `mirror` about the outermost pixel, `reflect` about its edge
 */
export function filterLine(
  line: Float64Array,
  start: number,
  stride: number,
  length: number,
  order: SplineOrder,
  edge: 'mirror' | 'reflect',
): void {
  if (length === 1 || order < 2) return;
  const end = start + (length - 1) * stride;
  const gain = poles[order].reduce((product, pole) => product * (1 - pole) * (1 - 1 / pole), 1);
  for (let i = start; i <= end; i += stride) line[i]! *= gain;
  for (const pole of poles[order]) {
    line[start] = (edge === 'mirror' ? mirrorSum : reflectSum)(line, start, stride, length, pole);
    for (let i = start + stride; i <= end; i += stride) line[i]! += pole * line[i - stride]!;
    line[end] =
      edge === 'mirror'
        ? ((pole * line[end - stride]! + line[end]!) * pole) / (pole * pole - 1)
        : (line[end]! * pole) / (pole - 1);
    for (let i = end - stride; i >= start; i -= stride) line[i] = pole * (line[i + stride]! - line[i]!);
  }
}

/** The causal filter's value at the first pixel of a line whose ends are mirrored: the sum of an infinite series. */
function mirrorSum(line: Float64Array, start: number, stride: number, length: number, pole: number): number {
  const far = pole ** (length - 1);
  const end = start + (length - 1) * stride;
  let sum = line[start]! + far * line[end]!;
  let power = pole;
  for (let i = 1; i < length - 1; i++) {
    sum += power * (line[start + i * stride]! + far * line[end - i * stride]!);
    power *= pole;
  }
  return sum / (1 - far * far);
}

/** The same for a line whose ends are reflected. */
function reflectSum(line: Float64Array, start: number, stride: number, length: number, pole: number): number {
  const far = pole ** length;
  const end = start + (length - 1) * stride;
  let sum = line[start]! + far * line[end]!;
  let power = pole;
  for (let i = 1; i < length; i++) {
    // SciPy sums in place, so that the last term reads the sum itself for the first pixel. It shows on short lines.
    const mirrored = i === length - 1 ? sum : line[end - i * stride]!;
    sum += power * (line[start + i * stride]! + far * mirrored);
    power *= pole;
  }
  return line[start]! + (sum * pole) / (1 - far * far);
}
