import { intOf, intsOf, textOf } from '../../graph/attributes.js';
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import { allocate, axisOf, integers, type Kernel, make, numbers, OpError } from './kernel.js';
import { around } from './walk.js';

const f = Math.fround;

/** For every position of the resized axis: where its window begins, and the weights within. */
interface Window {
  readonly start: number;
  readonly weights: readonly number[];
}

/**
 * The triangle filter, widened when shrinking, as ONNX Runtime computes it: in float32 step by step, since a last bit
 * decides how a level rounds. Weights that fall outside the picture go to its edge.
 * Source: `SetupUpsampleFilterAntiAlias` in onnxruntime's upsample_antialias.h.
 */
function windows(size: number, resized: number, ratio: number): Window[] {
  const scale = f(1 / ratio);
  const support = Math.max(scale, 1);
  const widest = Math.ceil(support) * 2 + 1;
  const inverse = scale >= 1 ? f(1 / scale) : 1;
  return Array.from({ length: resized }, (_, i) => {
    const original = scale === 1 ? i : f(f(f(i + 0.5) / ratio) - 0.5);
    const center = f(0.5 + original);
    const first = Math.floor(f(f(center - support) + 0.5));
    const count = Math.min(Math.max(Math.floor(f(f(center + support) + 0.5)) - first, 0), widest);
    const start = Math.min(Math.max(first, 0), size);
    const end = Math.min(Math.max(first + count, 0), size);
    const weights = new Array<number>(end - start).fill(0);
    let total = 0;
    // Edges collect in the order in which ONNX Runtime adds them.
    const inside: number[] = [];
    for (let x = 0; x < count; x++) {
      const distance = Math.abs(f(f(f(f(x + first) - center) + 0.5) * inverse));
      const weight = distance < 1 ? f(1 - distance) : 0;
      total = f(total + weight);
      inside.push(weight);
    }
    const add = (at: number, weight: number) => {
      weights[at] = f((weights[at] ?? 0) + weight);
    };
    const isOwn = (x: number) => x >= start && x < end;
    for (const [i, weight] of inside.entries()) if (isOwn(first + i)) add(first + i - start, weight);
    for (const [i, weight] of inside.entries())
      if (!isOwn(first + i)) add(first + i < start ? 0 : end - start - 1, weight);
    const normalise = total === 0 ? 1 : f(1 / total);
    return { start, weights: weights.map((weight) => f(weight * normalise)) };
  });
}

/** Fixed point: levels are weighed with 22 fractional bits, as in Pillow. */
const precision = 22;

/**
 * Resizes one axis of data seen as (outer, size, inner).
 *
 * 8-bit levels accumulate in fixed point from one half, and are cut to 0–255.
 */
function resizeAxis(x: Tensor, axis: number, resized: number, ratio: number): Tensor {
  const [outer, size, inner] = around(x.dims, axis);
  if (size === resized) return x;
  const from = numbers(x);
  const dims = x.dims.with(axis, resized);
  const y = allocate(x.type, sizeOf(dims));
  const levels = x.type === 'uint8';
  const one = 2 ** precision;
  let at = 0;
  const table = windows(size, resized, ratio).map(({ start, weights }) => ({
    start,
    weights: levels ? weights.map((weight) => roundAwayFromZero(f(weight * one))) : weights,
  }));
  for (let o = 0; o < outer; o++)
    for (const { start, weights } of table)
      for (let i = 0; i < inner; i++) {
        let total = levels ? one / 2 : 0;
        let source = (o * size + start) * inner + i;
        for (let k = 0; k < weights.length; k++, source += inner) total += from[source]! * weights[k]!;
        y[at++] = levels ? Math.min(Math.max(total >> precision, 0), 255) : total;
      }
  return make(x.type, dims, y);
}

const roundAwayFromZero = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

/**
 * Antialiased linear interpolation, the last axis first. 8-bit levels come out as ONNX Runtime's do, byte for byte.
 */
const resize: Kernel = ([x, , scales, sizes]: readonly [Tensor, Tensor?, Tensor?, Tensor?], call) => {
  const expected: [name: string, value: string | number, received: string | number][] = [
    ['mode', 'linear', textOf(call.node, 'mode', 'nearest')],
    ['antialias', 1, intOf(call.node, 'antialias', 0)],
    [
      'coordinate_transformation_mode',
      'half_pixel',
      textOf(call.node, 'coordinate_transformation_mode', 'half_pixel'),
    ],
    ['exclude_outside', 0, intOf(call.node, 'exclude_outside', 0)],
    ['keep_aspect_ratio_policy', 'stretch', textOf(call.node, 'keep_aspect_ratio_policy', 'stretch')],
  ];
  for (const [name, value, received] of expected)
    if (received !== value) throw new OpError(`Expected ${name} ${value}. Received: ${received}.`);
  if (x.type !== 'uint8' && x.type !== 'float32')
    throw new OpError(`Expected uint8 or float32. Received: ${x.type}.`);

  const axes = (intsOf(call.node, 'axes') ?? [...x.dims.keys()]).map((axis) => axisOf(axis, x.dims.length));
  const targets = axes.map((axis, i) => {
    const size = x.dims[axis] ?? 1;
    const resized = sizes && integers(sizes)[i];
    if (resized !== undefined) return { axis, resized, ratio: f(resized / size) };
    const ratio = scales && numbers(scales)[i];
    if (ratio === undefined) throw new OpError('Expected sizes or scales. Received: neither.');
    return { axis, resized: Math.floor(f(size * ratio)), ratio };
  });
  return targets
    .sort((a, b) => b.axis - a.axis)
    .reduce((picture, { axis, resized, ratio }) => resizeAxis(picture, axis, resized, ratio), x);
};

export const resizing = { Resize: resize } satisfies Record<string, Kernel>;
