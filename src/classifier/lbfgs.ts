/** A value to minimise, with its gradient. */
export interface Evaluated {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface LbfgsOptions {
  /** Default 100. */
  readonly maxIterations?: number;
  /** Pairs of steps and changes of the gradient that stand for the second derivative. Default 10. */
  readonly memory?: number;
  /** It ends when no component of the gradient is larger. Default 1e-4. */
  readonly tolerance?: number;
}

/**
 * Minimises a smooth convex function by L-BFGS with a backtracking line search.
 *
 * It ends when the gradient is small, when a step gains less than rounding does, or after `maxIterations`. Source:
 * Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.1.
 *
 * @param evaluate the function; it may be slow, so it is asked once a step where the first step length serves
 * @param start not changed
 * @returns the best point that was found
 */
export async function minimise(
  evaluate: (point: Float64Array) => Promise<Evaluated>,
  start: Float64Array,
  { maxIterations = 100, memory = 10, tolerance = 1e-4 }: LbfgsOptions = {},
): Promise<Float64Array> {
  const pairs: { step: Float64Array; change: Float64Array; rho: number }[] = [];
  let point: Float64Array = start.slice();
  let here = await evaluate(point);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (here.gradient.every((component) => Math.abs(component) <= tolerance)) break;
    const direction = descentDirection(here.gradient, pairs);
    const slope = dot(direction, here.gradient);
    // The first direction is the gradient itself, whose length says nothing of how far to go.
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let next: { point: Float64Array; evaluated: Evaluated } | undefined;
    for (let tries = 0; tries < 20; tries++, length /= 2) {
      const candidate = point.map((value, i) => value + length * (direction[i] ?? 0));
      const evaluated = await evaluate(candidate);
      if (evaluated.value <= here.value + 1e-4 * length * slope) {
        next = { point: candidate, evaluated };
        break;
      }
    }
    if (!next) break;
    const from = point;
    const step = next.point.map((value: number, i) => value - (from[i] ?? 0));
    const before = here;
    const change = next.evaluated.gradient.map((value, i) => value - (before.gradient[i] ?? 0));
    const curvature = dot(step, change);
    if (curvature > 1e-10 * dot(change, change)) pairs.push({ step, change, rho: 1 / curvature });
    if (pairs.length > memory) pairs.shift();
    const gain = here.value - next.evaluated.value;
    point = next.point;
    here = next.evaluated;
    if (gain <= 1e-8 * Math.max(1, Math.abs(here.value))) break;
  }
  return point;
}

/** −H⁻¹·gradient, with H⁻¹ as the pairs have it: the two-loop recursion. */
function descentDirection(
  gradient: Float64Array,
  pairs: readonly { step: Float64Array; change: Float64Array; rho: number }[],
): Float64Array {
  const direction = gradient.map((component) => -component);
  const last = pairs.at(-1);
  const seen: { step: Float64Array; change: Float64Array; rho: number; alpha: number }[] = [];
  for (const pair of pairs.toReversed()) {
    const alpha = pair.rho * dot(pair.step, direction);
    addScaled(direction, -alpha, pair.change);
    seen.push({ ...pair, alpha });
  }
  if (last) {
    const scale = 1 / (last.rho * dot(last.change, last.change));
    for (const [i, value] of direction.entries()) direction[i] = value * scale;
  }
  for (const { step, change, rho, alpha } of seen.reverse())
    addScaled(direction, alpha - rho * dot(change, direction), step);
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** a += scale·b */
function addScaled(a: Float64Array, scale: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i]! += scale * b[i]!;
}
