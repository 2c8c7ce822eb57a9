import type { ExecutionContext } from 'ava';
import type { Tensor } from '../src/graph/tensor.js';

type Values = ArrayLike<number> | ArrayLike<bigint>;

export interface Tolerance {
  /** The name that a failure gives the comparison. */
  label: string;
  /** Allowed difference as a fraction of the expected value. Default 1e-5. */
  relative?: number;
  /** Allowed difference whatever the value. Default 0; say why where it is not. */
  absolute?: number;
}

/**
 * Compares whole arrays or tensors: shape, type and every element.
 *
 * An element passes when `|actual − expected| ≤ absolute + relative · |expected|`; NaN equals NaN, and infinities
 * equal themselves. A failure names the element that is worst, both values and the largest difference.
 *
 * @example
 * assertClose(t, probabilities, golden, { label: 'probabilities', relative: 1e-4 });
 */
export function assertClose(
  t: ExecutionContext<unknown>,
  actual: Tensor | Values,
  expected: Tensor | Values,
  tolerance: Tolerance,
): void {
  const difference = differenceOf(actual, expected, tolerance);
  if (difference === undefined) t.pass();
  else t.fail(difference);
}

/** Says how `actual` differs from `expected`; undefined when it does not. */
export function differenceOf(
  actual: Tensor | Values,
  expected: Tensor | Values,
  { label, relative = 1e-5, absolute = 0 }: Tolerance,
): string | undefined {
  const form = (value: Tensor | Values) =>
    'dims' in value ? `${value.type} [${value.dims.join(', ')}]` : `${value.length} values`;
  const bothTensors = 'dims' in actual && 'dims' in expected;
  const a = 'dims' in actual ? actual.data : actual;
  const e = 'dims' in expected ? expected.data : expected;
  if (bothTensors ? form(actual) !== form(expected) : a.length !== e.length)
    return `${label}: expected ${form(expected)}, received ${form(actual)}`;

  let worst = -1;
  let worstExcess = 0;
  let failures = 0;
  let largest = 0;
  for (let i = 0; i < e.length; i++) {
    const x = Number(a[i]);
    const y = Number(e[i]);
    if (a[i] === e[i] || x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const difference = Number.isFinite(x) && Number.isFinite(y) ? Math.abs(x - y) : Number.POSITIVE_INFINITY;
    const excess = difference - absolute - relative * Math.abs(y);
    largest = Math.max(largest, difference);
    if (excess <= 0) continue;
    failures++;
    if (worst < 0 || excess > worstExcess) {
      worst = i;
      worstExcess = excess;
    }
  }
  if (failures === 0) return undefined;
  const position = 'dims' in expected ? `[${unravel(worst, expected.dims).join(', ')}]` : `[${worst}]`;
  return (
    `${label}${position}: expected ${e[worst]}, received ${a[worst]}; ` +
    `${failures} of ${e.length} values differ, by ${largest.toPrecision(3)} at most ` +
    `(allowed: ${absolute} + ${relative} × |expected|)`
  );
}

/** The index of element `flat` along every axis. */
function unravel(flat: number, dims: readonly number[]): number[] {
  const index = dims.map(() => 0);
  for (let axis = dims.length - 1, rest = flat; axis >= 0; axis--) {
    index[axis] = rest % dims[axis]!;
    rest = Math.floor(rest / dims[axis]!);
  }
  return index;
}
