import { UserError } from '../../errors.js';
import type { ArrayOf, DataType, Tensor } from '../../graph/tensor.js';
import { arrayTypes, sizeOf } from '../../graph/tensor.js';

/** NumPy's names of the element types, little-endian. */
const descriptions = {
  float32: '<f4',
  float64: '<f8',
  uint8: '|u1',
  int32: '<i4',
  int64: '<i8',
} as const satisfies Partial<Record<DataType, string>>;

export type NpyType = keyof typeof descriptions;

/** A file that is not an array as `numpy.save` writes it. */
export class NpyFormatError extends UserError {
  override name = 'NpyFormatError';
}

/** Renders an array as `numpy.save` does. Format: numpy.lib.format, version 1.0. */
export function encodeNpy({ type, dims, data }: Tensor<NpyType>): Uint8Array {
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(', ');
  const dictionary = `{'descr': '${descriptions[type]}', 'fortran_order': False, 'shape': (${shape}), }`;
  // Magic, version and length take 10 bytes; the data begin at a multiple of 64.
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length + data.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 255, length >> 8]);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(length - 1)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + length);
  return bytes;
}

/**
 * Reads what `numpy.save` wrote.
 *
 * @throws NpyFormatError for anything else, for Fortran order and for types that are not numbers of this project.
 */
export function decodeNpy(bytes: Uint8Array): Tensor<NpyType> {
  const fail = (received: string): never => {
    throw new NpyFormatError(`Expected an array as numpy.save writes it. Received: ${received}.`);
  };
  if (
    bytes.length < 12 ||
    new TextDecoder('latin1').decode(bytes.subarray(1, 6)) !== 'NUMPY' ||
    bytes[0] !== 0x93
  )
    fail(`${bytes.length} bytes of another format`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = bytes[6]! >= 2;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, end));
  const description = /'descr': '([^']*)'/.exec(header)?.[1];
  const type = (Object.keys(descriptions) as NpyType[]).find((name) => descriptions[name] === description);
  if (!type) return fail(`elements of type ${description}`);
  if (!/'fortran_order': False/.test(header)) fail('Fortran order');
  const shape = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  if (shape === undefined) return fail('a header without a shape');
  const dims = shape
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map(Number);
  const size = sizeOf(dims);
  const ArrayType = arrayTypes[type];
  const length = size * ArrayType.BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(size) || bytes.length - end !== length)
    fail(`${bytes.length - end} bytes of data for the shape (${shape})`);
  const data = new ArrayType(new Uint8Array(bytes.subarray(end)).buffer) as ArrayOf[NpyType];
  return { type, dims, data } as Tensor<NpyType>;
}
