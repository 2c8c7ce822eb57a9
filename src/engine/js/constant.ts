/** Values that are made rather than computed: shapes as numbers, constants, ranges. */
import { arrayTypes, int64, sizeOf, type Tensor } from '../../graph/tensor.js';
import { allocate, type Call, elements, int, integers, type Kernel, make, OpError } from './kernel.js';

const shapeOf: Kernel = ([x]: readonly [Tensor], call) => {
  const rank = x.dims.length;
  const position = (name: string, fallback: number) => {
    const at = int(call, name, fallback);
    return Math.min(Math.max(at < 0 ? at + rank : at, 0), rank);
  };
  return int64(x.dims.slice(position('start', 0), position('end', rank)));
};

function tensorAttribute({ node }: Call, name: string): Tensor | undefined {
  const value = node.attributes[name];
  return typeof value === 'object' && 'tensor' in value ? value.tensor : undefined;
}

const constantOfShape: Kernel = ([shape]: readonly [Tensor], call) => {
  const value = tensorAttribute(call, 'value');
  const dims = integers(shape);
  const y = allocate(value?.type ?? 'float32', sizeOf(dims));
  if (value) y.fill(elements(value)[0]!);
  return make(value?.type ?? 'float32', dims, y);
};

const constant: Kernel = (_, call) => {
  const { value_float, value_floats, value_int, value_ints } = call.node.attributes;
  const tensor = tensorAttribute(call, 'value');
  if (tensor) return tensor;
  if (typeof value_float === 'object' && 'float' in value_float)
    return make('float32', [], Float32Array.of(value_float.float));
  if (typeof value_floats === 'object' && 'floats' in value_floats)
    return make('float32', [value_floats.floats.length], Float32Array.from(value_floats.floats));
  if (typeof value_int === 'number') return int64([value_int], []);
  if (Array.isArray(value_ints)) return int64(value_ints);
  throw new OpError('Expected a number or a tensor as the value.');
};

const range: Kernel = ([start, limit, delta]: readonly [Tensor, Tensor, Tensor]) => {
  const [from, to, step] = [start, limit, delta].map((tensor) => elements(tensor)[0]!) as [
    number,
    number,
    number,
  ];
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
