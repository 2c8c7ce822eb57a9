import { float32, sizeOf, type Tensor } from './tensor.js';

/** The row with length 1; a row of zeros stays one. */
export function unitRow(row: Float32Array): Float32Array {
  const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? row.map((value) => value / length) : row;
}

/** Numbers one after the other. */
export const joinFloats = (parts: readonly Float32Array[]): Float32Array<ArrayBuffer> =>
  join(parts, new Float32Array(lengthOf(parts)));

/** Rows that lie one behind the other in one piece of memory, as they are; `null` where they do not. */
export function adjacent(rows: readonly Float32Array[]): Float32Array<ArrayBuffer> | null {
  const [first] = rows;
  if (!(first?.buffer instanceof ArrayBuffer)) return null;
  const { buffer, byteOffset } = first;
  let end = byteOffset;
  for (const row of rows) {
    if (row.buffer !== buffer || row.byteOffset !== end) return null;
    end += row.byteLength;
  }
  return new Float32Array(buffer, byteOffset, (end - byteOffset) / first.BYTES_PER_ELEMENT);
}

/** Bytes one after the other. */
export const joinBytes = (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  join(parts, new Uint8Array(lengthOf(parts)));

const lengthOf = (parts: readonly { readonly length: number }[]): number =>
  parts.reduce((sum, { length }) => sum + length, 0);

function join<T extends Float32Array | Uint8Array>(parts: readonly ArrayLike<number>[], whole: T): T {
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** The number of rows of a tensor (N, …). */
export const rowCount = ({ dims: [count = 0] }: Pick<Tensor, 'dims'>): number => count;

/** Rows `from` to `to` of a tensor (N, …), sharing its memory. */
export function sliceRows({ type, dims, data }: Tensor, from: number, to: number): Tensor {
  const [count = 0, ...row] = dims;
  const end = Math.min(to, count);
  const size = sizeOf(row);
  return { type, dims: [end - from, ...row], data: data.subarray(from * size, end * size) } as Tensor;
}

/** Tensors (N, …) one after the other along their first axis; a single one as it is. */
export function joinRows(parts: readonly Tensor<'float32'>[]): Tensor<'float32'> {
  const [first] = parts;
  if (!first) throw new RangeError('Expected at least one tensor. Received: none.');
  if (parts.length === 1) return first;
  const count = parts.reduce((sum, { dims: [rows = 0] }) => sum + rows, 0);
  return float32(joinFloats(parts.map(({ data }) => data)), [count, ...first.dims.slice(1)]);
}

/** Tensors (…) as the rows of one (N, …). */
export function stackRows(rows: readonly Tensor<'float32'>[]): Tensor<'float32'> {
  const [first] = rows;
  if (!first) throw new RangeError('Expected at least one row. Received: none.');
  return float32(joinFloats(rows.map(({ data }) => data)), [rows.length, ...first.dims]);
}
