import { intOf } from '../../graph/attributes.js';
import { typeNames } from '../../graph/element-types.js';
import { halfToNumber, numberToHalf } from '../../graph/half.js';
import type { Tensor } from '../../graph/tensor.js';
import { allocate, type Call, type Kernel, make, OpError } from './kernel.js';

function cast([x]: readonly [Tensor], call: Call): Tensor {
  const code = intOf(call.node, 'to', 0);
  const to = typeNames.get(code);
  if (!to) throw new OpError(`Expected a number type to cast to. Received: ONNX element type ${code}.`);
  if (x.type === to) return x;
  if (to === 'int64') {
    const values = x.type === 'float16' ? Array.from(x.data as Uint16Array, halfToNumber) : x.data;
    return make(
      'int64',
      x.dims,
      BigInt64Array.from(values as ArrayLike<number>, (v) => BigInt(Math.trunc(v))),
    );
  }
  const y = allocate(to, x.data.length);
  const write: (v: number) => number =
    to === 'bool' ? (v) => (v === 0 ? 0 : 1) : to === 'float16' ? numberToHalf : (v) => v;
  if (x.type === 'int64') {
    const values = x.data as BigInt64Array;
    // Integers wrap, floats round.
    const read =
      to.startsWith('float') || to === 'bool' ? Number : (v: bigint) => Number(BigInt.asIntN(32, v));
    for (let i = 0; i < y.length; i++) y[i] = write(read(values[i]!));
  } else {
    const values = x.data as Float32Array;
    const read = x.type === 'float16' ? halfToNumber : (v: number) => v;
    for (let i = 0; i < y.length; i++) y[i] = write(read(values[i]!));
  }
  return make(to, x.dims, y);
}

export const casting = { Cast: cast } satisfies Record<string, Kernel>;
