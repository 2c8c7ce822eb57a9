/** Convolution and pooling over (N, C, H, W), with (N, C, W) as a picture of height 1. */
import { floatOf, intOf, intsOf, textOf } from '../../graph/attributes.js';
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import { type Call, type Kernel, make, numbers, OpError } from './kernel.js';
import { around } from './walk.js';

/** One spatial axis: sizes in and out, and how the window of `kernel` taps moves along it. */
interface Axis {
  input: number;
  output: number;
  kernel: number;
  stride: number;
  dilation: number;
  before: number;
  after: number;
}

const wholeAxis: Axis = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0 };

/** The rows and the columns that a window crosses, as the node's attributes say. */
function spatialAxes(x: Tensor, kernel: readonly number[], call: Call): [rows: Axis, columns: Axis] {
  const sizes = x.dims.slice(2);
  const count = sizes.length;
  if (count < 1 || count > 2) throw new OpError(`Expected (N, C, H, W). Received: [${x.dims.join(', ')}].`);
  const strides = intsOf(
    call.node,
    'strides',
    sizes.map(() => 1),
  );
  const dilations = intsOf(
    call.node,
    'dilations',
    sizes.map(() => 1),
  );
  const pads = intsOf(
    call.node,
    'pads',
    [...sizes, ...sizes].map(() => 0),
  );
  const auto = textOf(call.node, 'auto_pad', 'NOTSET');
  const round = intOf(call.node, 'ceil_mode', 0) === 1 ? Math.ceil : Math.floor;
  const axes = sizes.map((input, i): Axis => {
    const [stride = 1, dilation = 1, size = 1] = [strides[i], dilations[i], kernel[i]];
    const reach = (size - 1) * dilation + 1;
    let [before = 0, after = 0] = [pads[i], pads[i + count]];
    if (auto === 'VALID') before = after = 0;
    if (auto.startsWith('SAME')) {
      const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + reach - input);
      before = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      after = total - before;
    }
    let output = round((input + before + after - reach) / stride) + 1;
    // A window that starts in the padding behind the picture is none.
    if (round === Math.ceil && (output - 1) * stride >= input + before) output--;
    return { input, output, kernel: size, stride, dilation, before, after };
  });
  const [columns = wholeAxis, rows = wholeAxis] = axes.reverse();
  return [rows, columns];
}

/** The first and the last-but-one output position at which tap `k` lies within the input. */
function reachOf({ input, output, stride, dilation, before }: Axis, k: number): [first: number, end: number] {
  const shift = k * dilation - before;
  return [
    Math.max(0, Math.ceil(-shift / stride)),
    Math.min(output, Math.floor((input - 1 - shift) / stride) + 1),
  ];
}

const outputDims = (x: Tensor, channels: number, rows: Axis, columns: Axis): number[] => [
  ...x.dims.slice(0, 1),
  channels,
  ...(x.dims.length === 3 ? [] : [rows.output]),
  columns.output,
];

/**
 * y[n, m] = bias[m] + Σ weights[m, c, i, j] · x[n, c] shifted by (i, j), summed in float64 plane by plane. With groups,
 * output channels see the input channels of their own group alone.
 *
 * @param inputs x (N, C, H, W), weights (M, C / group, kH, kW), bias (M)
 */
const conv: Kernel = ([x, w, b]: readonly [Tensor, Tensor, Tensor?], call) => {
  const [rows, columns] = spatialAxes(x, w.dims.slice(2), call);
  const group = intOf(call.node, 'group', 1);
  const [N, C] = x.dims as [number, number];
  const [M, perGroup] = w.dims as [number, number];
  if (C !== perGroup * group || M % group !== 0)
    throw new OpError(
      `Expected ${perGroup * group} channels for weights [${w.dims.join(', ')}] in ${group} groups. Received: ${C}.`,
    );
  const [from, weights] = [numbers(x), numbers(w)];
  const bias = b && numbers(b);
  const dims = outputDims(x, M, rows, columns);
  const y = new Float32Array(sizeOf(dims));
  const [inPlane, outPlane] = [rows.input * columns.input, rows.output * columns.output];
  const plane = new Float64Array(outPlane);
  for (let n = 0; n < N; n++)
    for (let m = 0; m < M; m++) {
      plane.fill(bias ? bias[m]! : 0);
      const firstChannel = Math.floor(m / (M / group)) * perGroup;
      for (let c = 0; c < perGroup; c++) {
        const channel = (n * C + firstChannel + c) * inPlane;
        for (let i = 0; i < rows.kernel; i++)
          for (let j = 0; j < columns.kernel; j++) {
            const weight = weights[((m * perGroup + c) * rows.kernel + i) * columns.kernel + j]!;
            addShifted(plane, from, channel, weight, rows, columns, i, j);
          }
      }
      y.set(plane, (n * M + m) * outPlane);
    }
  return make('float32', dims, y);
};

/** Adds `weight` times the picture at `start`, as tap (i, j) sees it. */
function addShifted(
  plane: Float64Array,
  from: Float32Array,
  start: number,
  weight: number,
  rows: Axis,
  columns: Axis,
  i: number,
  j: number,
): void {
  const [top, bottom] = reachOf(rows, i);
  const [left, right] = reachOf(columns, j);
  const { stride } = columns;
  for (let row = top; row < bottom; row++) {
    const line = row * columns.output;
    const source = start + (row * rows.stride + i * rows.dilation - rows.before) * columns.input;
    let at = source + left * stride + j * columns.dilation - columns.before;
    for (let column = left; column < right; column++, at += stride)
      plane[line + column]! += weight * from[at]!;
  }
}

/** Reduces the window at every position: padding counts only where `finish` is told the whole window. */
const pool =
  (
    start: number,
    join: (total: number, x: number) => number,
    finish: (total: number, count: number, padded: number, call: Call) => number,
  ): Kernel =>
  ([x]: readonly [Tensor], call) => {
    if (call.outputs > 1) throw new OpError('Expected one output. Received: a request for indices.');
    const [rows, columns] = spatialAxes(x, intsOf(call.node, 'kernel_shape', []), call);
    const from = numbers(x);
    const [count = 1, channels = 1] = x.dims;
    const dims = outputDims(x, channels, rows, columns);
    const y = new Float32Array(sizeOf(dims));
    const planes = count * channels;
    let at = 0;
    for (let p = 0; p < planes; p++)
      for (let row = 0; row < rows.output; row++)
        for (let column = 0; column < columns.output; column++) {
          let total = start;
          let count = 0;
          let padded = 0;
          for (let i = 0; i < rows.kernel; i++) {
            const h = row * rows.stride + i * rows.dilation - rows.before;
            if (h >= rows.input + rows.after) continue;
            for (let j = 0; j < columns.kernel; j++) {
              const w = column * columns.stride + j * columns.dilation - columns.before;
              if (w >= columns.input + columns.after) continue;
              padded++;
              if (h < 0 || h >= rows.input || w < 0 || w >= columns.input) continue;
              count++;
              total = join(total, from[(p * rows.input + h) * columns.input + w]!);
            }
          }
          y[at++] = finish(total, count, padded, call);
        }
    return make('float32', dims, y);
  };

/** Reduces every channel to one number. */
const globalPool =
  (
    start: number,
    join: (total: number, x: number) => number,
    finish: (total: number, count: number) => number,
  ): Kernel =>
  ([x]: readonly [Tensor]) => {
    const from = numbers(x);
    const planes = sizeOf(x.dims.slice(0, 2));
    const size = from.length / planes;
    const y = new Float32Array(planes);
    for (let p = 0; p < planes; p++) {
      let total = start;
      for (let i = p * size; i < (p + 1) * size; i++) total = join(total, from[i]!);
      y[p] = finish(total, size);
    }
    return make(
      'float32',
      x.dims.map((size, axis) => (axis < 2 ? size : 1)),
      y,
    );
  };

/** (x − mean) / √(variance + epsilon) · scale + shift, with the statistics that training left. */
const batchNormalization: Kernel = (
  [x, scale, shift, mean, variance]: readonly [Tensor, Tensor, Tensor, Tensor, Tensor],
  call,
) => {
  if (intOf(call.node, 'training_mode', 0) === 1)
    throw new OpError('Expected inference. Received: training_mode 1.');
  const epsilon = floatOf(call.node, 'epsilon', 1e-5);
  const from = numbers(x);
  const [s, b, m, v] = [scale, shift, mean, variance].map(numbers) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const y = new Float32Array(from.length);
  const [outer, channels, inner] = around(x.dims, 1);
  for (let n = 0; n < outer; n++)
    for (let c = 0; c < channels; c++) {
      const factor = s[c]! / Math.sqrt(v[c]! + epsilon);
      const start = (n * channels + c) * inner;
      for (let i = start; i < start + inner; i++) y[i] = (from[i]! - m[c]!) * factor + b[c]!;
    }
  return make('float32', x.dims, y);
};

const plus = (a: number, b: number) => a + b;

export const convolutions = {
  Conv: conv,
  MaxPool: pool(Number.NEGATIVE_INFINITY, Math.max, (total) => total),
  AveragePool: pool(
    0,
    plus,
    (total, count, padded, call) => total / (intOf(call.node, 'count_include_pad', 0) === 1 ? padded : count),
  ),
  GlobalAveragePool: globalPool(0, plus, (total, count) => total / count),
  GlobalMaxPool: globalPool(Number.NEGATIVE_INFINITY, Math.max, (total) => total),
  BatchNormalization: batchNormalization,
} satisfies Record<string, Kernel>;
