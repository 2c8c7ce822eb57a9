import { typeNames } from '../../graph/onnx.js';
import type { Tensor } from '../../graph/tensor.js';
import { allocate, type Call, int, type Kernel, make, OpError } from './kernel.js';

/** Reads the bits of an IEEE 754 half. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of the half that is nearest to `x`, the even one of two. */
export function numberToHalf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  // Halves below 2⁻¹⁴ are spaced like those of that exponent.
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 2 ** -14)));
  const steps = magnitude / 2 ** (exponent - 10);
  const floor = Math.floor(steps);
  const rounded = steps - floor > 0.5 || (steps - floor === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // A carry runs into the exponent by itself; a subnormal has exponent 0, that is −14 without the leading 1024.
  return sign | (rounded + (exponent + 14) * 1024);
}

function cast([x]: readonly [Tensor], call: Call): Tensor {
  const code = int(call, 'to');
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
