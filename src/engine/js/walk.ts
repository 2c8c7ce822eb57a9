import { OpError } from './kernel.js';

/**
 * Nested loops over axes of these sizes, with arrays that each advance by a stride of their own along every axis.
 */
export interface Walk {
  readonly sizes: readonly number[];
  /** For every array, one stride for each axis. */
  readonly strides: readonly (readonly number[])[];
  /** The size of the last axis. */
  readonly length: number;
  /** For every array, its stride along the last axis. */
  readonly steps: readonly number[];
}

/** Row-major strides. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  let stride = 1;
  for (const [axis, size] of [...dims.entries()].reverse()) {
    strides[axis] = stride;
    stride *= size;
  }
  return strides;
}

/** The shape that NumPy broadcasts these shapes to. */
export function broadcastShapes(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    if (sizes.some((other) => other !== 1 && other !== size))
      throw new OpError(
        `Expected shapes that broadcast. Received: ${shapes.map((s) => `[${s.join(', ')}]`).join(' and ')}.`,
      );
    return size;
  });
}

/** The strides by which an array of shape `dims` is read as if it had the shape `broadcast`. */
export function broadcastStrides(dims: readonly number[], broadcast: readonly number[]): number[] {
  const strides = stridesOf(dims);
  const missing = broadcast.length - dims.length;
  return broadcast.map((_, axis) => ((dims[axis - missing] ?? 1) === 1 ? 0 : (strides[axis - missing] ?? 0)));
}

/** Loops over `sizes`, with axes of size 1 left out and axes merged that all arrays cross at one stride. */
export function walk(sizes: readonly number[], strides: Walk['strides']): Walk {
  const axes: { size: number; strides: readonly number[] }[] = [];
  for (const [axis, size] of sizes.entries()) {
    if (size === 1) continue;
    const next = { size, strides: strides.map((ofArray) => ofArray[axis] ?? 0) };
    const last = axes.at(-1);
    if (last?.strides.every((stride, i) => stride === (next.strides[i] ?? 0) * size))
      axes.splice(-1, 1, { size: last.size * size, strides: next.strides });
    else axes.push(next);
  }
  const last = axes.at(-1) ?? { size: 1, strides: strides.map(() => 0) };
  if (axes.length === 0) axes.push(last);
  return {
    sizes: axes.map(({ size }) => size),
    strides: strides.map((_, i) => axes.map((axis) => axis.strides[i] ?? 0)),
    length: last.size,
    steps: last.strides,
  };
}

/**
 * Calls `visit` for every row, that is, for all axes but the last.
 *
 * @param visit is given the number of elements walked so far and where the row begins in each array
 */
export function eachRow(
  { sizes, strides, length }: Walk,
  visit: (at: number, starts: readonly number[]) => void,
): void {
  if (sizes.includes(0)) return;
  const outer = sizes.length - 1;
  const index = new Array<number>(outer).fill(0);
  const starts = strides.map(() => 0);
  for (let at = 0; ; at += length) {
    visit(at, starts);
    let axis = outer - 1;
    for (; axis >= 0; axis--) {
      for (let i = 0; i < starts.length; i++) starts[i]! += strides[i]![axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      for (let i = 0; i < starts.length; i++) starts[i]! -= strides[i]![axis]! * sizes[axis]!;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** A shape as three numbers: the sizes before `axis` multiplied, the axis, and those after multiplied. */
export function around(dims: readonly number[], axis: number): [outer: number, size: number, inner: number] {
  const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  return [product(dims.slice(0, axis)), dims[axis] ?? 1, product(dims.slice(axis + 1))];
}
