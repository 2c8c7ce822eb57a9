/** Values that are made rather than computed: shapes as numbers, constants, ranges. */
import { floatOf, floatsOf, intOf, intsOf, tensorOf } from '../../graph/attributes.js';
import { arrayTypes, float32, int64, scalar, sizeOf, type Tensor } from '../../graph/tensor.js';
import { allocate, first, integers, type Kernel, make, OpError } from './kernel.js';

const shapeOf: Kernel = ([x]: readonly [Tensor], call) => {
  const rank = x.dims.length;
  const position = (name: string, fallback: number) => {
    const at = intOf(call.node, name, fallback);
    return Math.min(Math.max(at < 0 ? at + rank : at, 0), rank);
  };
  return int64(x.dims.slice(position('start', 0), position('end', rank)));
};

const constantOfShape: Kernel = ([shape]: readonly [Tensor], call) => {
  const value = tensorOf(call.node, 'value');
  const dims = integers(shape);
  const y = allocate(value?.type ?? 'float32', sizeOf(dims));
  if (value) y.fill(first(value));
  return make(value?.type ?? 'float32', dims, y);
};

const constant: Kernel = (_, { node }) => {
  const tensor = tensorOf(node, 'value');
  if (tensor) return tensor;
  const number = floatOf(node, 'value_float');
  if (number !== undefined) return scalar(number);
  const numbers = floatsOf(node, 'value_floats');
  if (numbers) return float32(numbers);
  const integer = intOf(node, 'value_int');
  if (integer !== undefined) return int64([integer], []);
  const integers = intsOf(node, 'value_ints');
  if (integers) return int64(integers);
  throw new OpError('Expected a number or a tensor as the value.');
};

const range: Kernel = ([start, limit, delta]: readonly [Tensor, Tensor, Tensor]) => {
  const [from, to, step] = [first(start), first(limit), first(delta)];
  const count = Math.max(0, Math.ceil((Number(to) - Number(from)) / Number(step)));
  const y = new arrayTypes[start.type](count) as Float32Array;
  // Bigints count as numbers do, but only among themselves.
  const index = (start.type === 'int64' ? BigInt : Number) as (i: number) => number;
  for (let i = 0; i < count; i++) y[i] = from + index(i) * step;
  return make(start.type, [count], y);
};

export const constants = {
  Shape: shapeOf,
  Size: ([x]: readonly [Tensor]) => int64([x.data.length], []),
  ConstantOfShape: constantOfShape,
  Constant: constant,
  Range: range,
} satisfies Record<string, Kernel>;
