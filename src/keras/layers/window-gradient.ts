/**
 * How gradients go back through a window that slides over images, (N, C, H, W).
 *
 * Padding is taken apart from sliding: x with zeros around it, or without the rows that no window reaches, is exactly
 * what the windows cover. Then element (i, j) of all windows is a slice of that, with the strides as its steps.
 */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { float32 } from '../../graph/tensor.js';
import type { Shape } from '../symbolic-shape.js';
import { channelsOver } from './pixels.js';
import { coveredBy, type Pair, padsOf, slide, type Window } from './sliding-window.js';

/** A window at work on one value. */
export interface Sliding {
  readonly window: Window;
  /** The shape of the input, channels last. */
  readonly inputShape: Shape;
  /** The input (N, C, H, W). */
  readonly x: Value;
  /** The output (N, C′, H′, W′). */
  readonly y: Value;
}

/** Rows and columns to add around the input, top, left, bottom, right; fewer than 0 are taken away. */
interface Pads {
  /** Where the size of the input is known. */
  readonly known: readonly [number, number, number, number] | null;
  /** As `Pad` takes them. */
  readonly value: Value;
}

/** Beyond every axis. */
const theEnd = Number.MAX_SAFE_INTEGER;

/** What makes the input exactly what the windows cover. */
function padsTo(g: GraphBuilder, { window, inputShape, x, y }: Sliding): Pads {
  const [, height = null, width = null] = inputShape;
  const [, rows = null, columns = null] = slide(window, inputShape, 1);
  if (height !== null && width !== null && rows !== null && columns !== null) {
    const [top, left] = padsOf(window, [height, width]).map((total) => (total ?? 0) >> 1) as unknown as Pair;
    const bottom = coveredBy(window, 0, rows) - height - top;
    const right = coveredBy(window, 1, columns) - width - left;
    return { known: [top, left, bottom, right], value: g.ints(0, 0, top, left, 0, 0, bottom, right) };
  }
  const sizesOf = (value: Value) => g.op('Slice', [g.op('Shape', [value]), g.ints(2), g.ints(4)]);
  const steps = g.op('Mul', [g.op('Sub', [sizesOf(y), g.ints(1, 1)]), g.ints(...window.strides)]);
  const first = g.ints(coveredBy(window, 0, 1), coveredBy(window, 1, 1));
  const missing = g.op('Sub', [g.op('Add', [steps, first]), sizesOf(x)]);
  const none = g.ints(0, 0);
  const before = window.padding === 'same' ? g.op('Div', [g.op('Max', [missing, none]), g.ints(2, 2)]) : none;
  const value = g.op('Concat', [none, before, none, g.op('Sub', [missing, before])], { axis: 0 });
  return { known: null, value };
}

const isZero = ({ known }: Pads): boolean => known?.every((n) => n === 0) ?? false;

/** The input as the windows cover it: (N, C, H″, W″). */
export function cover(g: GraphBuilder, sliding: Sliding, outside = 0): Value {
  const pads = padsTo(g, sliding);
  if (isZero(pads)) return sliding.x;
  return g.op('Pad', outside === 0 ? [sliding.x, pads.value] : [sliding.x, pads.value, g.scalar(outside)]);
}

/** Every element of the window, row by row. */
export const tapsOf = ({ size: [height, width] }: Window): Pair[] =>
  Array.from({ length: height * width }, (_, k) => [Math.floor(k / width), k % width]);

/** What element (i, j) of each window sees of the covered input: (N, C, H′, W′), from the axis `first` on. */
export function tapOf(
  g: GraphBuilder,
  covered: Value,
  { size, strides, dilation }: Window,
  tap: Pair,
): Value {
  if (size[0] === 1 && size[1] === 1 && strides[0] === 1 && strides[1] === 1) return covered;
  const axes = [0, 1] as const;
  const ends = axes.map((axis) => (tap[axis] - size[axis] + 1) * dilation[axis] || theEnd);
  return g.op('Slice', [
    covered,
    g.ints(...axes.map((axis) => tap[axis] * dilation[axis])),
    g.ints(...ends),
    g.ints(2, 3),
    g.ints(...strides),
  ]);
}

/** Zeros behind each element, so that it stands where its window began: (N, C, H′, W′) → (N, C, H′·sH, W′·sW). */
function spread(g: GraphBuilder, dy: Value, [rows, columns]: Pair): Value {
  if (rows === 1 && columns === 1) return dy;
  const cells = g.op('Unsqueeze', [dy, g.ints(3, 5)]);
  const filled = g.op('Pad', [cells, g.ints(...Array(9).fill(0), rows - 1, 0, columns - 1)]);
  return g.op('Reshape', [filled, g.op('Mul', [g.op('Shape', [dy]), g.ints(1, 1, rows, columns)])]);
}

/**
 * Sums what each window sends back to the pixels that it saw: (N, C, H, W).
 *
 * @param dy (N, C′, H′, W′)
 * @param kernel (C, C′ / group, kH, kW): the forward kernel with inputs and outputs exchanged, turned by 180°
 */
export function sendBack(
  g: GraphBuilder,
  dy: Value,
  kernel: Value,
  { sliding, group }: { sliding: Sliding; group: number },
): Value {
  const { window } = sliding;
  const { size, strides, dilation } = window;
  // All that a window reaches of, and from, a pixel; `spread` has put zeros behind already.
  const before = ([0, 1] as const).map((axis) => (size[axis] - 1) * dilation[axis]);
  const after = ([0, 1] as const).map((axis) => (before[axis] ?? 0) - strides[axis] + 1);
  const reach = [...before, ...after];
  const pads = padsTo(g, sliding);
  const attributes = {
    kernel_shape: [...size],
    ...(group === 1 ? {} : { group }),
    ...(dilation.some((n) => n !== 1) ? { dilations: [...dilation] } : {}),
  };
  const spreadOut = spread(g, dy, strides);
  const amounts = pads.known?.map((amount, side) => (reach[side] ?? 0) - amount);
  if (amounts?.every((amount) => amount >= 0))
    return g.op('Conv', [spreadOut, kernel], {
      ...attributes,
      ...(amounts.some((amount) => amount !== 0) ? { pads: amounts } : {}),
    });
  const around = g.op('Sub', [g.ints(0, 0, ...before, 0, 0, ...after), pads.value]);
  return g.op('Conv', [g.op('Pad', [spreadOut, around]), kernel], attributes);
}

/**
 * Sums what each element of each window sends back by itself.
 *
 * @param dTaps for each element of the window, row by row, what goes back to it: (N, C, H′, W′)
 */
export function sendTapsBack(g: GraphBuilder, dTaps: readonly Value[], sliding: Sliding): Value {
  const { window } = sliding;
  const { size, strides, dilation } = window;
  const parts = tapsOf(window).map(([i, j], k) => {
    const at = [i * dilation[0], j * dilation[1]];
    const end = [0, 1].map(
      (axis) => ((size[axis] ?? 1) - 1) * (dilation[axis] ?? 1) - (at[axis] ?? 0) - (strides[axis] ?? 1) + 1,
    );
    return g.op('Pad', [spread(g, dTaps[k] ?? '', strides), g.ints(0, 0, ...at, 0, 0, ...end)]);
  });
  const covered = parts.reduce((sum, part) => g.op('Add', [sum, part]));
  const pads = padsTo(g, sliding);
  return isZero(pads) ? covered : g.op('Pad', [covered, g.op('Neg', [pads.value])]);
}

/**
 * The gradient of a convolution's kernel, (kH, kW, C / group, C′), as Keras has kernels.
 *
 * @param dy (N, C′, H′, W′)
 */
export function kernelGradient(
  g: GraphBuilder,
  dy: Value,
  { sliding, group, kernelShape }: { sliding: Sliding; group: number; kernelShape: readonly number[] },
): Value {
  const { window } = sliding;
  const [, , inputs = 1, outputs = 1] = kernelShape;
  if (group > 1 && inputs === 1 && outputs === group) {
    const gradient = depthwiseGradient(g, dy, sliding, group);
    if (gradient !== undefined) return gradient;
  }
  // A row for each place of the window: (group, inputs, P) · (group, P, outputs / group).
  const covered = g.op('Transpose', [cover(g, sliding)], { perm: [1, 0, 2, 3] });
  const dRows = g.op('Reshape', [
    g.op('Transpose', [dy], { perm: [1, 0, 2, 3] }),
    g.ints(group, outputs / group, -1),
  ]);
  const dPlaces = g.op('Transpose', [dRows], { perm: [0, 2, 1] });
  const products = tapsOf(window).map((tap) => {
    const seen = tapOf(g, covered, window, tap);
    return g.op('MatMul', [g.op('Reshape', [seen, g.ints(group, inputs, -1)]), dPlaces]);
  });
  const stacked = products.length === 1 ? (products[0] ?? '') : g.op('Concat', products, { axis: 0 });
  if (group === 1) return g.op('Reshape', [stacked, g.ints(...kernelShape)]);
  const byTap = g.op('Reshape', [stacked, g.ints(-1, group, inputs, outputs / group)]);
  return g.op('Reshape', [g.op('Transpose', [byTap], { perm: [0, 2, 1, 3] }), g.ints(...kernelShape)]);
}

/** Wider rows make products of which too little is used. */
const widestRow = 32;

/**
 * The gradient of a depthwise kernel, (kH, kW, 1, C), row by row of the kernel: dyᵀ · x for all rows of pixels, (W′, W″),
 * holds what each column sends to each other, of which the diagonals are those that a window connects.
 *
 * @returns undefined where the images' width is not known, or large
 */
function depthwiseGradient(
  g: GraphBuilder,
  dy: Value,
  sliding: Sliding,
  channels: number,
): Value | undefined {
  const { window, inputShape } = sliding;
  const [height, width] = window.size;
  const [, , columns = null] = slide(window, inputShape, channels);
  if (columns === null || columns > widestRow) return undefined;
  const covered = coveredBy(window, 1, columns);
  const diagonals = new Float32Array(columns * covered * width);
  for (let place = 0; place < columns; place++)
    for (let j = 0; j < width; j++) {
      const column = place * window.strides[1] + j * window.dilation[1];
      diagonals[(place * covered + column) * width + j] = 1;
    }
  const constant = g.initializer('diagonals', float32(diagonals, [columns * covered, width]));
  // The channel takes the place of the sample, and the other way round: padding is the same.
  const x = cover(g, { ...sliding, x: channelsOver(g, sliding.x) });
  // (C, W′, N·H′)
  const dRows = g.op('Reshape', [channelsOver(g, dy), g.ints(channels, -1, columns)]);
  const dColumns = g.op('Transpose', [dRows], { perm: [0, 2, 1] });
  const rows = Array.from({ length: height }, (_, i) => {
    const seen = g.op('Slice', [
      x,
      g.ints(i * window.dilation[0]),
      g.ints((i - height + 1) * window.dilation[0] || theEnd),
      g.ints(2),
      g.ints(window.strides[0]),
    ]);
    const products = g.op('MatMul', [dColumns, g.op('Reshape', [seen, g.ints(channels, -1, covered)])]);
    // (C, W′·W″) · (W′·W″, kW)
    return g.op('MatMul', [g.op('Reshape', [products, g.ints(channels, columns * covered)]), constant]);
  });
  const stacked = rows.length === 1 ? (rows[0] ?? '') : g.op('Concat', rows, { axis: 1 });
  return g.op('Reshape', [
    g.op('Transpose', [stacked], { perm: [1, 0] }),
    g.ints(height, width, 1, channels),
  ]);
}

/**
 * A kernel (kH, kW, C / group, C′) with inputs and outputs exchanged and turned by 180°: (C, C′ / group, kH, kW).
 */
export function turnedKernel(
  g: GraphBuilder,
  kernel: Value,
  kernelShape: readonly number[],
  group: number,
): Value {
  const [height = 1, width = 1, inputs = 1, outputs = 1] = kernelShape;
  const turned =
    height * width === 1
      ? kernel
      : g.op('Slice', [kernel, g.ints(-1, -1), g.ints(-theEnd, -theEnd), g.ints(0, 1), g.ints(-1, -1)]);
  if (group === 1) return g.op('Transpose', [turned], { perm: [2, 3, 0, 1] });
  const grouped = g.op('Reshape', [turned, g.ints(height, width, inputs, group, outputs / group)]);
  return g.op('Reshape', [
    g.op('Transpose', [grouped], { perm: [3, 2, 4, 0, 1] }),
    g.ints(group * inputs, outputs / group, height, width),
  ]);
}
