import { intOf, textOf } from '../../graph/attributes.js';
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import {
  allocate,
  axisOf,
  elements,
  integers,
  type Kernel,
  larger,
  make,
  OpError,
  smaller,
} from './kernel.js';
import { around, stridesOf } from './walk.js';

/** Indices as positions: negative ones count from the end. */
function positions(indices: Tensor, size: number): number[] {
  return integers(indices).map((index) => {
    if (index < -size || index >= size)
      throw new OpError(`Expected indices within [-${size}, ${size - 1}]. Received: ${index}.`);
    return index < 0 ? index + size : index;
  });
}

/** Takes whole slices along `axis`. */
const gather: Kernel = ([x, indices]: readonly [Tensor, Tensor], call) => {
  const axis = axisOf(intOf(call.node, 'axis', 0), x.dims.length);
  const [outer, size, inner] = around(x.dims, axis);
  const at = positions(indices, size);
  const from = elements(x);
  const y = allocate(x.type, outer * at.length * inner);
  let target = 0;
  for (let o = 0; o < outer; o++)
    for (const i of at) {
      const start = (o * size + i) * inner;
      if (inner === 1) y[target] = from[start]!;
      else y.set(from.subarray(start, start + inner), target);
      target += inner;
    }
  return make(x.type, [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)], y);
};

/**
 * For every element of `indices`, the place in an array of shape `dims` that has the same coordinates but for
 * `axis`, where it has the index.
 */
function places(dims: readonly number[], indices: Tensor, axis: number): Int32Array {
  const at = positions(indices, dims[axis] ?? 1);
  const strides = stridesOf(dims);
  const own = stridesOf(indices.dims);
  const axes = strides.map((stride, k) => ({ stride, own: own[k] ?? 1, size: indices.dims[k] ?? 1 }));
  return Int32Array.from(at, (index, flat) =>
    axes.reduce(
      (place, { stride, own, size }, k) =>
        place + (k === axis ? index : Math.floor(flat / own) % size) * stride,
      0,
    ),
  );
}

const gatherElements: Kernel = ([x, indices]: readonly [Tensor, Tensor], call) => {
  const from = elements(x);
  const y = allocate(x.type, indices.data.length);
  const at = places(x.dims, indices, axisOf(intOf(call.node, 'axis', 0), x.dims.length));
  for (let i = 0; i < y.length; i++) y[i] = from[at[i]!]!;
  return make(x.type, indices.dims, y);
};

/** How an update joins the element that it meets. */
const meetings: Record<string, (old: number, update: number) => number> = {
  none: (_, update) => update,
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: larger,
  min: smaller,
};

function meeting(name: string) {
  const meet = meetings[name];
  if (!meet)
    throw new OpError(`Expected reduction ${Object.keys(meetings).join(', ')}. Received: '${name}'.`);
  return meet;
}

const scatterElements: Kernel = ([x, indices, updates]: readonly [Tensor, Tensor, Tensor], call) => {
  const meet = meeting(textOf(call.node, 'reduction', 'none'));
  const y = elements(x).slice();
  const values = elements(updates);
  const at = places(x.dims, indices, axisOf(intOf(call.node, 'axis', 0), x.dims.length));
  for (let i = 0; i < at.length; i++) y[at[i]!] = meet(y[at[i]!]!, values[i]!);
  return make(x.type, x.dims, y);
};

/** Where the slices begin that the rows of `indices` (…, depth) point at, and how long they are. */
function slicesAt(dims: readonly number[], indices: Tensor): [starts: number[], length: number] {
  const depth = indices.dims.at(-1) ?? 1;
  const strides = stridesOf(dims);
  const at = integers(indices);
  const starts = Array.from({ length: at.length / depth }, (_, row) => {
    let start = 0;
    for (const [k, index] of at.slice(row * depth, (row + 1) * depth).entries())
      start += (index < 0 ? index + (dims[k] ?? 1) : index) * (strides[k] ?? 0);
    return start;
  });
  return [starts, sizeOf(dims.slice(depth))];
}

const gatherND: Kernel = ([x, indices]: readonly [Tensor, Tensor], call) => {
  if (intOf(call.node, 'batch_dims', 0) !== 0) throw new OpError('Expected no batch_dims.');
  const [starts, length] = slicesAt(x.dims, indices);
  const from = elements(x);
  const y = allocate(x.type, starts.length * length);
  for (const [i, start] of starts.entries()) y.set(from.subarray(start, start + length), i * length);
  return make(x.type, [...indices.dims.slice(0, -1), ...x.dims.slice(indices.dims.at(-1))], y);
};

const scatterND: Kernel = ([x, indices, updates]: readonly [Tensor, Tensor, Tensor], call) => {
  const meet = meeting(textOf(call.node, 'reduction', 'none'));
  const y = elements(x).slice();
  const values = elements(updates);
  const [starts, length] = slicesAt(x.dims, indices);
  for (const [i, start] of starts.entries())
    for (let k = 0; k < length; k++) y[start + k] = meet(y[start + k]!, values[i * length + k]!);
  return make(x.type, x.dims, y);
};

/** A new axis that is `on` at the index and `off` elsewhere; indices outside of it are all `off`. */
const oneHot: Kernel = ([indices, depthInput, values]: readonly [Tensor, Tensor, Tensor], call) => {
  const rank = indices.dims.length + 1;
  const axis = axisOf(intOf(call.node, 'axis', -1), rank);
  const depth = Number(depthInput.data[0]);
  const [off, on] = elements(values) as unknown as [number, number];
  const dims = indices.dims.toSpliced(axis, 0, depth);
  const [, , inner] = around(dims, axis);
  const y = allocate(values.type, sizeOf(dims)).fill(off);
  for (const [i, given] of integers(indices).entries()) {
    const index = given < 0 ? given + depth : given;
    if (index < 0 || index >= depth) continue;
    y[(Math.floor(i / inner) * depth + index) * inner + (i % inner)] = on;
  }
  return make(values.type, dims, y);
};

export const gathering = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  OneHot: oneHot,
} satisfies Record<string, Kernel>;
