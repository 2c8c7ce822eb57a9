import { intOf, intsOf } from '../../graph/attributes.js';
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import {
  allocate,
  axisOf,
  elements,
  first,
  integers,
  type Kernel,
  larger,
  make,
  numbers,
  OpError,
  smaller,
} from './kernel.js';
import { around, broadcastStrides, eachRow, walk } from './walk.js';

/** A reduction: its value for no elements, how an element joins in, and the result from the total. */
interface Reduction {
  start: number;
  join(total: number, x: number): number;
  finish?(total: number, count: number): number;
  /** The same for int64, where it is defined. */
  bigint?: { start: bigint; join(total: bigint, x: bigint): bigint };
}

const plus = (a: number, b: number) => a + b;
const bigPlus = { start: 0n, join: (a: bigint, b: bigint) => a + b };

/**
 * Reduces along `axes`: an attribute in older operator sets, the second input in newer ones, all axes if absent.
 * Totals are kept in float64.
 */
const reduce =
  ({ start, join, finish, bigint }: Reduction): Kernel =>
  ([x, axesInput]: readonly [Tensor, Tensor?], call) => {
    const given = axesInput ? integers(axesInput) : (intsOf(call.node, 'axes') ?? []);
    const rank = x.dims.length;
    const all = intOf(call.node, 'noop_with_empty_axes', 0) === 1 ? [] : x.dims.keys();
    const axes = new Set(given.length > 0 ? given.map((axis) => axisOf(axis, rank)) : all);
    const kept = x.dims.map((size, axis) => (axes.has(axis) ? 1 : size));
    const dims = intOf(call.node, 'keepdims', 1) === 1 ? kept : x.dims.filter((_, axis) => !axes.has(axis));

    const plan = walk(x.dims, [broadcastStrides(kept, x.dims)]);
    const {
      length,
      steps: [stride = 0],
    } = plan;
    const size = sizeOf(kept);
    if (x.type === 'int64') {
      if (!bigint) throw new OpError('Expected floats. Received: int64.');
      const totals = new BigInt64Array(size).fill(bigint.start);
      eachRow(plan, (at, [o = 0]) => {
        for (let k = 0, m = o; k < length; k++, m += stride)
          totals[m] = bigint.join(totals[m]!, (x.data as BigInt64Array)[at + k]!);
      });
      return make('int64', dims, totals);
    }
    const values = numbers(x);
    const totals = new Float64Array(size).fill(start);
    eachRow(plan, (at, [o = 0]) => {
      for (let k = 0, m = o; k < length; k++, m += stride) totals[m] = join(totals[m]!, values[at + k]!);
    });
    if (finish) {
      const count = values.length / size;
      for (let i = 0; i < size; i++) totals[i] = finish(totals[i]!, count);
    }
    const y = allocate(x.type, size);
    y.set(totals);
    return make(x.type, dims, y);
  };

/** Calls `visit` for every line along `axis`, with its first element and the step to the next. */
function eachLine(
  dims: readonly number[],
  axis: number,
  visit: (start: number, step: number, size: number, line: number) => void,
): void {
  const [outer, size, inner] = around(dims, axis);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) visit(o * size * inner + i, inner, size, o * inner + i);
}

/** e^x over its sum along `axis`, the largest taken off first so that nothing overflows. */
const softmax =
  (log: boolean): Kernel =>
  ([x]: readonly [Tensor], call) => {
    const values = numbers(x);
    const y = allocate(x.type, values.length);
    eachLine(x.dims, axisOf(intOf(call.node, 'axis', -1), x.dims.length), (start, step, size) => {
      const end = start + step * size;
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = start; i < end; i += step) largest = Math.max(largest, values[i]!);
      let sum = 0;
      for (let i = start; i < end; i += step) sum += Math.exp(values[i]! - largest);
      const logSum = Math.log(sum);
      for (let i = start; i < end; i += step) {
        const shifted = values[i]! - largest;
        y[i] = log ? shifted - logSum : Math.exp(shifted) / sum;
      }
    });
    return make(x.type, x.dims, y);
  };

/** x / ‖x‖ along an axis, by p = 1 or 2; zeros stay zeros, as ONNX Runtime has it. */
const lpNormalization: Kernel = ([x]: readonly [Tensor], call) => {
  const p = intOf(call.node, 'p', 2);
  const values = numbers(x);
  const y = new Float32Array(values.length);
  eachLine(x.dims, axisOf(intOf(call.node, 'axis', -1), x.dims.length), (start, step, size) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += Math.abs(values[start + k * step]!) ** p;
    const length = p === 2 ? Math.sqrt(sum) : sum;
    if (length > 0) for (let k = 0; k < size; k++) y[start + k * step] = values[start + k * step]! / length;
  });
  return make('float32', x.dims, y);
};

/** The position of the extreme along an axis: the first of equals, or the last where the node says so. */
const argExtreme =
  (beats: (a: number, b: number) => boolean): Kernel =>
  ([x]: readonly [Tensor], call) => {
    const axis = axisOf(intOf(call.node, 'axis', 0), x.dims.length);
    const last = intOf(call.node, 'select_last_index', 0) === 1;
    const values = elements(x);
    const [outer, , inner] = around(x.dims, axis);
    const y = new BigInt64Array(outer * inner);
    eachLine(x.dims, axis, (start, step, size, line) => {
      let best = 0;
      for (let k = 1; k < size; k++) {
        const [candidate, champion] = [values[start + k * step]!, values[start + best * step]!];
        if (beats(candidate, champion) || (last && candidate === champion)) best = k;
      }
      y[line] = BigInt(best);
    });
    const kept = intOf(call.node, 'keepdims', 1) === 1 ? [1] : [];
    return make('int64', [...x.dims.slice(0, axis), ...kept, ...x.dims.slice(axis + 1)], y);
  };

/** The k largest or smallest along an axis, and where they were; equals in the order of their positions. */
const topK: Kernel = ([x, k]: readonly [Tensor, Tensor], call) => {
  const axis = axisOf(intOf(call.node, 'axis', -1), x.dims.length);
  const largest = intOf(call.node, 'largest', 1) === 1;
  const count = Number(first(k));
  const values = elements(x);
  const dims = x.dims.with(axis, count);
  const [outer, size, inner] = around(x.dims, axis);
  if (count > size) throw new OpError(`Expected k of ${size} at most. Received: ${count}.`);
  const best = allocate(x.type, outer * count * inner);
  const positions = new BigInt64Array(best.length);
  eachLine(x.dims, axis, (start, step, _, line) => {
    const order = Array.from({ length: size }, (__, i) => i).sort((i, j) => {
      const [a, b] = [values[start + i * step]!, values[start + j * step]!];
      if (a === b) return i - j;
      return a < b === largest ? 1 : -1;
    });
    const target = Math.floor(line / inner) * count * inner + (line % inner);
    for (const [n, position] of order.slice(0, count).entries()) {
      best[target + n * inner] = values[start + position * step]!;
      positions[target + n * inner] = BigInt(position);
    }
  });
  return [make(x.type, dims, best), make('int64', dims, positions)];
};

const cumSum: Kernel = ([x, axisInput]: readonly [Tensor, Tensor], call) => {
  const exclusive = intOf(call.node, 'exclusive', 0) === 1;
  const reverse = intOf(call.node, 'reverse', 0) === 1;
  const values = elements(x);
  const y = allocate(x.type, values.length);
  // 0n for int64, whose elements `+` adds as well.
  const zero = (x.type === 'int64' ? 0n : 0) as number;
  eachLine(x.dims, axisOf(Number(first(axisInput)), x.dims.length), (start, step, size) => {
    let total = zero;
    for (let k = 0; k < size; k++) {
      const i = start + step * (reverse ? size - 1 - k : k);
      if (exclusive) y[i] = total;
      total += values[i]!;
      if (!exclusive) y[i] = total;
    }
  });
  return make(x.type, x.dims, y);
};

export const reductions = {
  ReduceSum: reduce({ start: 0, join: plus, bigint: bigPlus }),
  ReduceMean: reduce({ start: 0, join: plus, finish: (total, count) => total / count }),
  ReduceMax: reduce({
    start: Number.NEGATIVE_INFINITY,
    join: Math.max,
    bigint: { start: -(2n ** 63n), join: larger },
  }),
  ReduceMin: reduce({
    start: Number.POSITIVE_INFINITY,
    join: Math.min,
    bigint: { start: 2n ** 63n - 1n, join: smaller },
  }),
  ReduceProd: reduce({ start: 1, join: (a, b) => a * b, bigint: { start: 1n, join: (a, b) => a * b } }),
  ReduceSumSquare: reduce({
    start: 0,
    join: (total, x) => total + x * x,
    bigint: { start: 0n, join: (total, x) => total + x * x },
  }),
  ReduceL1: reduce({ start: 0, join: (total, x) => total + Math.abs(x) }),
  ReduceL2: reduce({ start: 0, join: (total, x) => total + x * x, finish: Math.sqrt }),
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  LpNormalization: lpNormalization,
  ArgMax: argExtreme((a, b) => a > b),
  ArgMin: argExtreme((a, b) => a < b),
  TopK: topK,
  CumSum: cumSum,
} satisfies Record<string, Kernel>;
