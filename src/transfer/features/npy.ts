import { UserError } from '../../errors.js';
import { arrayTypes, type DataType, sizeOf, type Tensor } from '../../graph/tensor.js';

/** NumPy's names of the element types, little-endian. */
const descriptions = {
  float16: '<f2',
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

  constructor(received: string) {
    super(`Expected an array as numpy.save writes it. Received: ${received}.`);
  }
}

const magic = '\x93NUMPY';

/** An array as `numpy.save` writes it: numpy.lib.format, version 1.0. */
export function encodeNpy({ type, dims, data }: Tensor<NpyType>): Uint8Array {
  const header = encodeNpyHeader(type, dims);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return bytes;
}

/** What stands in front of the elements, which begin at a multiple of 64 bytes. */
export function encodeNpyHeader(type: NpyType, dims: readonly number[]): Uint8Array {
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(', ');
  const dictionary = `{'descr': '${descriptions[type]}', 'fortran_order': False, 'shape': (${shape}), }`;
  // Magic, version and length take 10 bytes.
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length);
  bytes.set([...magic].map((letter) => letter.charCodeAt(0)));
  bytes.set([1, 0, length & 255, length >> 8], magic.length);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(length - 1)}\n`), 10);
  return bytes;
}

/**
 * Reads an array as `numpy.save` writes it, in the memory of `bytes` where that is aligned, else in a copy.
 *
 * @throws NpyFormatError for anything else, for Fortran order and for types that are not numbers of this project
 */
export function decodeNpy(bytes: Uint8Array): Tensor<NpyType> {
  const latin1 = new TextDecoder('latin1');
  if (bytes.length < 12 || latin1.decode(bytes.subarray(0, 6)) !== magic)
    throw new NpyFormatError(`${bytes.length} bytes of another format`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = view.getUint8(6) >= 2;
  const start = isLong ? 12 : 10;
  const end = start + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = latin1.decode(bytes.subarray(start, end));
  const description = /'descr': '([^']*)'/.exec(header)?.[1];
  const type = (Object.keys(descriptions) as NpyType[]).find((name) => descriptions[name] === description);
  if (!type) throw new NpyFormatError(`elements of type ${description}`);
  if (!/'fortran_order': False/.test(header)) throw new NpyFormatError('Fortran order');
  const shape = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  if (shape === undefined) throw new NpyFormatError('a header without a shape');
  const dims = shape
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map(Number);
  const ArrayType = arrayTypes[type];
  const size = sizeOf(dims);
  const content = bytes.subarray(end);
  if (!Number.isSafeInteger(size) || content.length !== size * ArrayType.BYTES_PER_ELEMENT)
    throw new NpyFormatError(`${bytes.length - end} bytes of data for the shape (${shape})`);
  const isAligned = content.byteOffset % ArrayType.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset } = isAligned ? content : new Uint8Array(content);
  return { type, dims, data: new ArrayType(buffer as ArrayBuffer, byteOffset, size) } as Tensor<NpyType>;
}
