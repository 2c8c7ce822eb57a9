import { float32, int64, type Tensor } from '../../graph/tensor.js';
import type { Variable } from '../variable.js';

/** A weight as files have it. */
export const toTensor = (variable: Variable): Tensor =>
  variable.dtype === 'int64'
    ? { ...int64(Array.from(variable.peek(), Math.round)), dims: variable.shape }
    : float32(variable.peek(), variable.shape);

export const sameShape = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i]);

/** Numbers of any type from a file, as float32. */
export const toFloats = ({ data }: Tensor): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);
