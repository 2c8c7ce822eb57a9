import type { Tensor } from '../../graph/tensor.js';

export const sameShape = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i]);

/** Numbers of any type from a file, as float32. */
export const toFloats = ({ data }: Tensor): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);
