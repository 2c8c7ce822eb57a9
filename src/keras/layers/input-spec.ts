import { pythonTuple } from '../python/format.js';
import type { Shape } from '../symbolic-shape.js';

/** Conditions on an input's shape, the batch included. Source: keras.InputSpec. */
export interface InputSpec {
  readonly name?: string;
  readonly ndim?: number;
  readonly minNdim?: number;
  /** Sizes of axes; negative ones count from the end. */
  readonly axes?: Readonly<Record<number, number>>;
  /** All sizes; a last one of 1 may be missing, or too many. */
  readonly shape?: Shape;
}

/**
 * Says in Keras's words which condition inputs fail; `null` if they meet all.
 *
 * Source: keras.src.layers.input_spec.assert_input_compatibility.
 */
export function inputIncompatibility(
  specs: readonly InputSpec[],
  shapes: readonly Shape[],
  layerName: string,
): string | null {
  for (const [i, spec] of specs.entries()) {
    const problem = shapes[i] && problemOf(spec, shapes[i]);
    if (problem)
      return `Input ${i} with name '${spec.name ?? 'None'}' of layer '${layerName}' is incompatible with the layer: ${problem}`;
  }
  return null;
}

function problemOf({ ndim, minNdim, axes = {}, shape: expected }: InputSpec, shape: Shape): string | null {
  const { length } = shape;
  const found = `found ndim=${length}. Full shape received: ${pythonTuple(shape)}`;
  if (ndim !== undefined && length !== ndim) return `expected ndim=${ndim}, ${found}`;
  if (minNdim !== undefined && length < minNdim) return `expected min_ndim=${minNdim}, ${found}`;
  for (const [axis, size] of Object.entries(axes)) {
    const own = shape.at(Number(axis));
    if (own !== size && own !== null)
      return `expected axis ${axis} of input shape to have value ${size}, but received input with shape ${pythonTuple(shape)}`;
  }
  if (expected && !fits(withoutOne(shape), withoutOne(expected)))
    return `expected shape=${pythonTuple(expected)}, found shape=${pythonTuple(shape)}`;
  return null;
}

const withoutOne = (shape: Shape): Shape => (shape.at(-1) === 1 ? shape.slice(0, -1) : shape);

const fits = (shape: Shape, expected: Shape): boolean =>
  shape.length === expected.length &&
  expected.every((size, k) => size === null || shape[k] === null || size === shape[k]);
