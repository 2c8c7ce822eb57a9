import { intOf, intsOf, textOf } from '../../graph/attributes.js';
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import { transpose } from '../../graph/transpose.js';
import {
  allocate,
  axisOf,
  type Call,
  elements,
  first,
  integers,
  type Kernel,
  make,
  OpError,
} from './kernel.js';
import { around, broadcastShapes, broadcastStrides, eachRow, stridesOf, walk } from './walk.js';

const reshaped = (x: Tensor, dims: readonly number[]): Tensor => make(x.type, dims, x.data);

/** Copies the elements of `x` in the order of a walk over `sizes` with these strides. */
function gatherByStride(
  x: Tensor,
  sizes: readonly number[],
  strides: readonly number[],
  dims = sizes,
  offset = 0,
): Tensor {
  const from = elements(x);
  const y = allocate(x.type, sizeOf(sizes));
  const plan = walk(sizes, [strides]);
  const {
    length,
    steps: [step = 0],
  } = plan;
  eachRow(plan, (at, [start = 0]) => {
    for (let k = 0, i = start + offset; k < length; k++, i += step) y[at + k] = from[i]!;
  });
  return make(x.type, dims, y);
}

/** 0 keeps a dimension, −1 stands for the rest. */
const reshape: Kernel = ([x, shape]: readonly [Tensor, Tensor], call) => {
  const keepZeros = intOf(call.node, 'allowzero', 0) === 1;
  const dims = integers(shape).map((size, axis) => (size === 0 && !keepZeros ? (x.dims[axis] ?? 0) : size));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = x.data.length / -sizeOf(dims);
  if (sizeOf(dims) !== x.data.length || dims.some((size) => !Number.isInteger(size)))
    throw new OpError(
      `Expected a shape of ${x.data.length} elements. Received: [${integers(shape).join(', ')}].`,
    );
  return reshaped(x, dims);
};

const flatten: Kernel = ([x]: readonly [Tensor], call) => {
  const given = intOf(call.node, 'axis', 1);
  const axis = given < 0 ? given + x.dims.length : given;
  return reshaped(x, [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))]);
};

const unsqueeze: Kernel = ([x, axes]: readonly [Tensor, Tensor]) => {
  const rank = x.dims.length + axes.data.length;
  const added = new Set(integers(axes).map((axis) => axisOf(axis, rank)));
  const sizes = [...x.dims];
  return reshaped(
    x,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (sizes.shift() ?? 1))),
  );
};

const squeeze: Kernel = ([x, axes]: readonly [Tensor, Tensor?]) => {
  const removed = new Set(axes ? integers(axes).map((axis) => axisOf(axis, x.dims.length)) : []);
  for (const axis of removed)
    if (x.dims[axis] !== 1)
      throw new OpError(`Expected size 1 along axis ${axis}. Received: [${x.dims.join(', ')}].`);
  return reshaped(
    x,
    x.dims.filter((size, axis) => (axes ? !removed.has(axis) : size !== 1)),
  );
};

/** Joins tensors along an axis that exists. */
export function concatenate(tensors: readonly Tensor[], axis: number): Tensor {
  const [head] = tensors as readonly [Tensor];
  const dims = head.dims.with(
    axis,
    tensors.reduce((sum, { dims: d }) => sum + (d[axis] ?? 1), 0),
  );
  for (const { dims: other, type } of tensors)
    if (
      type !== head.type ||
      other.length !== dims.length ||
      other.some((size, i) => i !== axis && size !== dims[i])
    )
      throw new OpError(
        `Expected tensors that agree but for axis ${axis}. Received: ` +
          `${head.type} [${head.dims.join(', ')}] and ${type} [${other.join(', ')}].`,
      );
  const y = allocate(head.type, sizeOf(dims));
  const [outer] = around(dims, axis);
  const width = y.length / outer;
  let column = 0;
  for (const tensor of tensors) {
    const data = elements(tensor);
    const part = data.length / outer;
    for (let o = 0; o < outer; o++) y.set(data.subarray(o * part, (o + 1) * part), o * width + column);
    column += part;
  }
  return make(head.type, dims, y);
}

const concat: Kernel = (inputs, call) => {
  const tensors = inputs as readonly [Tensor, ...Tensor[]];
  return concatenate(tensors, axisOf(intOf(call.node, 'axis', 0), tensors[0].dims.length));
};

/** NumPy's slices: negative positions count from the end, ends beyond the array are cut off. */
const slice: Kernel = ([x, starts, ends, axesInput, stepsInput]: readonly [
  Tensor,
  Tensor,
  Tensor,
  Tensor?,
  Tensor?,
]) => {
  const axes = axesInput ? integers(axesInput) : [...starts.data.keys()];
  const steps = stepsInput ? integers(stepsInput) : axes.map(() => 1);
  const [from, to] = [integers(starts), integers(ends)];
  const sizes = [...x.dims];
  const strides = stridesOf(x.dims);
  let offset = 0;
  for (const [i, given] of axes.entries()) {
    const axis = axisOf(given, x.dims.length);
    const size = x.dims[axis] ?? 1;
    const stride = strides[axis] ?? 0;
    const [start = 0, stop = size, step = 1] = [from[i], to[i], steps[i]];
    const clamp = (position: number, low: number, high: number) =>
      Math.min(Math.max(position < 0 ? position + size : position, low), high);
    const begin = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
    const end = step > 0 ? clamp(stop, 0, size) : clamp(stop, -1, size - 1);
    sizes[axis] = Math.max(0, Math.ceil((end - begin) / step));
    offset += begin * stride;
    strides[axis] = stride * step;
  }
  return gatherByStride(x, sizes, strides, sizes, offset);
};

const split: Kernel = ([x, sizesInput]: readonly [Tensor, Tensor?], call) => {
  const axis = axisOf(intOf(call.node, 'axis', 0), x.dims.length);
  const size = x.dims[axis] ?? 1;
  const part = Math.ceil(size / call.outputs);
  const sizes = sizesInput
    ? integers(sizesInput)
    : Array.from({ length: call.outputs }, (_, i) => Math.min(part, size - i * part));
  const strides = stridesOf(x.dims);
  const stride = strides[axis] ?? 0;
  let begin = 0;
  return sizes.map((width) => {
    const dims = x.dims.with(axis, width);
    const piece = gatherByStride(x, dims, strides, dims, begin * stride);
    begin += width;
    return piece;
  });
};

const expand: Kernel = ([x, shape]: readonly [Tensor, Tensor]) => {
  const dims = broadcastShapes(x.dims, integers(shape));
  return gatherByStride(x, dims, broadcastStrides(x.dims, dims));
};

const tile: Kernel = ([x, repeats]: readonly [Tensor, Tensor]) => {
  const times = integers(repeats);
  return gatherByStride(
    x,
    x.dims.flatMap((size, axis) => [times[axis] ?? 1, size]),
    stridesOf(x.dims).flatMap((stride) => [0, stride]),
    x.dims.map((size, axis) => size * (times[axis] ?? 1)),
  );
};

/** Where position `i` of a padded axis comes from; −1 for the constant. */
const sources: Record<string, (i: number, size: number) => number> = {
  constant: (i, size) => (i < 0 || i >= size ? -1 : i),
  edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
  reflect: (i, size) => {
    const period = Math.max(1, 2 * (size - 1));
    const folded = ((i % period) + period) % period;
    return folded < size ? folded : period - folded;
  },
  wrap: (i, size) => ((i % size) + size) % size,
};

/** Pads with a constant or with the array's own elements; negative pads cut off. */
const pad: Kernel = ([x, pads, constant, axesInput]: readonly [Tensor, Tensor, Tensor?, Tensor?], call) => {
  const mode = textOf(call.node, 'mode', 'constant');
  const source = sources[mode];
  if (!source) throw new OpError(`Expected mode ${Object.keys(sources).join(', ')}. Received: '${mode}'.`);
  const rank = x.dims.length;
  const axes = axesInput ? integers(axesInput).map((axis) => axisOf(axis, rank)) : [...x.dims.keys()];
  const amounts = integers(pads);
  const maps = x.dims.map((size) => Array.from({ length: size }, (_, i) => i));
  for (const [i, axis] of axes.entries()) {
    const [before = 0, after = 0, size = 1] = [amounts[i], amounts[i + axes.length], x.dims[axis]];
    const padded = size + before + after;
    maps[axis] = Array.from({ length: padded }, (_, at) => source(at - before, size));
  }
  const dims = maps.map((map) => map.length);
  const from = elements(x);
  const y = allocate(x.type, sizeOf(dims));
  if (constant) y.fill(first(constant));
  const strides = stridesOf(x.dims);
  let at = 0;
  const fill = (axis: number, start: number): void => {
    if (axis === rank) {
      if (start >= 0) y[at] = from[start]!;
      at++;
    } else for (const i of maps[axis]!) fill(axis + 1, i < 0 || start < 0 ? -1 : start + i * strides[axis]!);
  };
  fill(0, 0);
  return make(x.type, dims, y);
};

export const shapes = {
  Identity: ([x]: readonly [Tensor]) => x,
  /** As in inference: nothing is dropped. */
  Dropout: ([x]: readonly [Tensor]) => x,
  Reshape: reshape,
  Flatten: flatten,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Transpose: ([x]: readonly [Tensor], call: Call) => transpose(x, intsOf(call.node, 'perm')),
  Concat: concat,
  Slice: slice,
  Split: split,
  Expand: expand,
  Tile: tile,
  Pad: pad,
} satisfies Record<string, Kernel>;
