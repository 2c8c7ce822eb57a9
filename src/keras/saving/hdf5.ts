/**
 * HDF5 files as Keras uses them: groups, attributes and number arrays. The only file that knows h5wasm.
 *
 * h5wasm keeps files in a file system of its own in memory, in Node as in a page. Everything after loading the
 * library is synchronous, so one file name serves all.
 */

import type { Dataset, File, Group } from 'h5wasm';
import { UserError } from '../../errors.js';
import { arrayTypes, type DataType, type Tensor } from '../../graph/tensor.js';

/** The value of an attribute: text, a number, or a list of either. */
type AttributeValue = string | number | readonly string[] | readonly number[];

/** A group of an HDF5 file that is being read. Paths are relative to the group, with `/` between names. */
export interface Hdf5Group {
  /** Where the group lies in the file: `/model_weights/dense`. */
  readonly path: string;
  /** Names of the groups and arrays in this group. */
  readonly names: readonly string[];
  has(path: string): boolean;
  /** @throws Hdf5FormatError when there is none */
  group(path: string): Hdf5Group;
  /** A number array. @throws Hdf5FormatError when there is none, or it holds something else. */
  tensor(path: string): Tensor;
  /** `undefined` when there is none. */
  attribute(name: string): AttributeValue | undefined;
  /**
   * A list of strings, also where Keras had to spread it over `name0`, `name1`, … because HDF5 takes no
   * attribute over 64 KB. Empty when there is none.
   */
  strings(name: string): string[];
}

/** A group of an HDF5 file that is being written. */
export interface Hdf5Writer {
  /** The group at `path`, made if need be. */
  group(path: string): Hdf5Writer;
  tensor(path: string, tensor: Tensor): void;
  /** A scalar: text of any length, or a float64. */
  attribute(name: string, value: string | number): void;
  /** A list of strings, spread over several attributes where one is too small, as Keras does it. */
  strings(name: string, values: readonly string[]): void;
}

/** A file that is not HDF5, is damaged, or lacks a part. */
export class Hdf5FormatError extends UserError {
  override name = 'Hdf5FormatError';
}

const fileName = 'file.h5';

/**
 * Opens an HDF5 file and closes it when `read` returns.
 *
 * @example
 * const names = await readHdf5(bytes, (root) => root.strings('layer_names'));
 * @throws Hdf5FormatError when the bytes are no HDF5 file.
 */
export async function readHdf5<T>(bytes: Uint8Array, read: (root: Hdf5Group) => T): Promise<T> {
  checkHdf5(bytes);
  const h5wasm = await loadLibrary();
  const { FS } = h5wasm.Module;
  FS.writeFile(fileName, bytes);
  try {
    return withFile(h5wasm, 'r', (file) => read(new ReadGroup(file, bytes.length)));
  } finally {
    FS.unlink(fileName);
  }
}

/** The bytes of an HDF5 file that `write` fills. */
export async function writeHdf5(write: (root: Hdf5Writer) => void): Promise<Uint8Array> {
  const h5wasm = await loadLibrary();
  withFile(h5wasm, 'w', (file) => write(new WriteGroup(file)));
  const { FS } = h5wasm.Module;
  const bytes = FS.readFile(fileName) as Uint8Array;
  FS.unlink(fileName);
  return bytes;
}

type Library = typeof import('h5wasm');

/** Loads h5wasm once there is a file: it is 4 MB, which a page need not wait for, and starts as it is imported. */
async function loadLibrary(): Promise<Library> {
  const h5wasm = await import('h5wasm');
  await h5wasm.ready;
  return h5wasm;
}

/** Opens the file, with errors thrown rather than printed on stderr, and closes it at the end. */
function withFile<T>({ Module, File }: Library, mode: 'r' | 'w', use: (file: File) => T): T {
  Module.activate_throwing_error_handler();
  try {
    const file = library('the file', () => new File(fileName, mode));
    try {
      return use(file);
    } finally {
      library('the file', () => file.close());
    }
  } finally {
    Module.deactivate_throwing_error_handler();
  }
}

/**
 * Calls h5wasm. Its errors on damaged files become a Hdf5FormatError with the first cause.
 *
 * @param what names the part of the file in the message
 */
function library<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof Hdf5FormatError) throw cause;
    // The last line of the library's stack of errors names the first cause.
    const lines = String((cause as Error)?.message ?? cause).match(/(?<=major: |minor: |: )[^\n:]+(?=\n|$)/g);
    throw new Hdf5FormatError(
      `Expected ${what} to be readable. Received: ${lines?.at(-1)?.trim() ?? String(cause).slice(0, 100)}. Hint: the file is damaged; fetch it again.`,
      { cause },
    );
  }
}

/** Deflate, the only compression that Keras uses, saves no more. */
const mostCompression = 1032;

/** @throws Hdf5FormatError when the bytes are no HDF5 file, or only the beginning of one. */
export function checkHdf5(bytes: Uint8Array): void {
  if (!isHdf5(bytes))
    throw new Hdf5FormatError(`Expected an HDF5 file. Received: ${bytes.length} bytes of something else.`);
  // The superblock ends with the length of the file; version 2 made it shorter. Offsets are 8 bytes long.
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const position = (bytes[8] ?? 0) < 2 ? 40 : 28;
  const expected = bytes.length < position + 8 ? position + 8 : Number(length.getBigUint64(position, true));
  if (bytes.length < expected)
    throw new Hdf5FormatError(
      `Expected ${expected} bytes of HDF5. Received: ${bytes.length}. Hint: the file is cut short; fetch it again.`,
    );
  checkHeaps(bytes);
}

/**
 * Checks the lengths in global heaps, which hold texts: the HDF5 library walks along them without end where one is
 * too long, or 0.
 *
 * Source: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html#subsubsec_fmt3_globalheap
 */
function checkHeaps(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = (at: number) => Number(view.getBigUint64(at, true));
  const headerSize = 16;
  // 'GCOL', version 1 and three zeros; heaps lie at multiples of 8.
  for (let start = 0; start + headerSize <= bytes.length; start += 8) {
    if (view.getUint32(start, true) !== 0x4c4f4347 || view.getUint32(start + 4, true) !== 1) continue;
    const end = start + length(start + 8);
    for (let at = start + headerSize; at + headerSize <= end; ) {
      // Object 0 is the free space, whose length includes its header.
      const isFree = end <= bytes.length && view.getUint16(at, true) === 0;
      const size =
        end > bytes.length ? 0 : isFree ? length(at + 8) : headerSize + 8 * Math.ceil(length(at + 8) / 8);
      if (size < headerSize || at + size > end)
        throw new Hdf5FormatError(
          `Expected texts within the heap at byte ${start}. Received: a length that leads out of it. Hint: the file is damaged; fetch it again.`,
        );
      at += size;
    }
  }
}

/** Whether the bytes start as an HDF5 file does. */
export const isHdf5 = (bytes: Uint8Array): boolean =>
  [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => bytes[i] === byte);

class ReadGroup implements Hdf5Group {
  readonly #handle: Group;
  constructor(
    handle: Group,
    /** Bytes of the file. */
    readonly fileSize: number,
  ) {
    this.#handle = handle;
  }

  get path(): string {
    return this.#handle.path;
  }

  get names(): readonly string[] {
    return library(`'${this.path}'`, () => this.#handle.keys());
  }

  has(path: string): boolean {
    return this.#get(path) !== null;
  }

  group(path: string): Hdf5Group {
    return new ReadGroup(this.#find(path, 'Group') as Group, this.fileSize);
  }

  tensor(path: string): Tensor {
    const dataset = this.#find(path, 'Dataset') as Dataset;
    const where = `'${this.#absolute(path)}'`;
    const { dtype, shape, metadata } = library(where, () => ({
      dtype: dataset.dtype,
      shape: dataset.shape,
      metadata: dataset.metadata,
    }));
    const type = dataTypes.find((candidate) => formats[candidate] === dtype);
    if (!type || !shape)
      throw new Hdf5FormatError(`Expected numbers at ${where}. Received: ${JSON.stringify(dtype)}.`);
    const bytes = shape.reduce((size, dim) => size * dim, metadata.size);
    const most = this.fileSize * (metadata.chunks ? mostCompression : 1);
    if (!(bytes <= Math.min(most, 2 ** 31)))
      throw new Hdf5FormatError(
        `Expected an array at ${where} that fits into a file of ${this.fileSize} bytes. Received: one of shape (${shape.join(', ')}). Hint: the file is damaged; fetch it again.`,
      );
    const value = library(where, () => dataset.value);
    // h5wasm returns a scalar as a plain number.
    const data = ArrayBuffer.isView(value)
      ? value
      : (arrayTypes[type] as Float32ArrayConstructor).of(value as number);
    return { type, dims: [...shape], data } as Tensor;
  }

  attribute(name: string): AttributeValue | undefined {
    const value = library(`the attribute '${name}' of '${this.path}'`, () => {
      const attribute = this.#handle.attrs[name];
      if (!attribute) return undefined;
      const { size, total_size } = attribute.metadata;
      if (!(size * total_size <= this.fileSize)) throw new Error('more than the file can hold');
      const { json_value: read } = attribute;
      // 1 stands for UTF-8.
      if (attribute.metadata.cset === 1) return read;
      return Array.isArray(read) ? read.map(textOf) : textOf(read);
    });
    if (value === undefined) return undefined;
    if (typeof value === 'string' || typeof value === 'number') return value;
    if (Array.isArray(value)) return value as string[] | number[];
    throw new Hdf5FormatError(
      `Expected text or numbers in the attribute '${name}' of '${this.path}'. Received: ${typeof value}.`,
    );
  }

  strings(name: string): string[] {
    const whole = this.attribute(name);
    if (whole !== undefined) return [whole].flat().map(String);
    const values: string[] = [];
    for (let chunk = 0; ; chunk++) {
      const part = this.attribute(`${name}${chunk}`);
      if (part === undefined) return values;
      values.push(...[part].flat().map(String));
    }
  }

  #find(path: string, type: 'Group' | 'Dataset'): Group | Dataset {
    const entity = this.#get(path);
    if (entity?.type === type) return entity;
    const kind = type === 'Group' ? 'group' : 'number array';
    throw new Hdf5FormatError(
      `Expected a ${kind} at '${this.#absolute(path)}'. Received: ${entity?.type ?? 'nothing'}.`,
    );
  }

  #get(path: string): Group | Dataset | null {
    return library(`'${this.#absolute(path)}'`, () => this.#handle.get(path)) as Group | Dataset | null;
  }

  #absolute(path: string): string {
    return `${this.path === '/' ? '' : this.path}/${path}`;
  }
}

/** Windows-1252, in which h5wasm reads text that is marked as ASCII, as Keras marks its UTF-8. */
const bytesOf1252 = new Map(
  Array.from(
    new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 256 }, (_, i) => i)),
    (c, i) => [c, i],
  ),
);

/** Text that was read as Windows-1252, or byte by byte, although it is UTF-8. */
function utf8Of(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const bytes = Array.from(text, (c) => bytesOf1252.get(c) ?? c.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
  } catch {
    return text;
  }
}

const textOf = <T>(value: T): T | string => (typeof value === 'string' ? utf8Of(value) : value);

/** h5wasm's names of element types, little-endian. */
const formats: Partial<Record<DataType, string>> = {
  float32: '<f',
  float64: '<d',
  uint8: '<B',
  int8: '<b',
  int32: '<i',
  int64: '<q',
  uint32: '<I',
};
const dataTypes = Object.keys(formats) as DataType[];

/** `HDF5_OBJECT_HEADER_LIMIT` of keras.src.legacy.saving.legacy_h5_format. */
const attributeLimit = 64512;

class WriteGroup implements Hdf5Writer {
  readonly #handle: Group;
  constructor(handle: Group) {
    this.#handle = handle;
  }

  group(path: string): WriteGroup {
    return path
      .split('/')
      .filter((name) => name !== '')
      .reduce<WriteGroup>((parent, name) => {
        const child = parent.#handle.get(name) ?? parent.#handle.create_group(name);
        return new WriteGroup(child as Group);
      }, this);
  }

  tensor(path: string, { type, dims, data }: Tensor): void {
    const dtype = formats[type];
    if (!dtype) throw new Hdf5FormatError(`Expected numbers for '${path}'. Received: ${type}.`);
    const at = path.lastIndexOf('/');
    const parent = this.group(path.slice(0, Math.max(at, 0)));
    parent.#handle.create_dataset({ name: path.slice(at + 1), data, shape: [...dims], dtype });
  }

  attribute(name: string, value: string | number): void {
    if (typeof value === 'string') this.#handle.create_attribute(name, value);
    else this.#handle.create_attribute(name, value, [], '<d');
  }

  strings(name: string, values: readonly string[]): void {
    if (values.length === 0) {
      // NumPy's empty list is float64, and so is Keras's.
      this.#handle.create_attribute(name, new Float64Array(0), [0], '<d');
      return;
    }
    // h5wasm marks fixed-length text as ASCII, so other text goes in as UTF-8 of variable length.
    if (values.some((value) => /[^\x20-\x7e]/.test(value))) {
      this.#handle.create_attribute(name, [...values]);
      return;
    }
    const width = Math.max(1, ...values.map((value) => value.length));
    let count = 1;
    while (Math.ceil(values.length / count) * width > attributeLimit) count++;
    for (const [chunk, part] of splitEvenly(values, count).entries())
      this.#handle.create_attribute(count === 1 ? name : `${name}${chunk}`, part, null, `S${width}`);
  }
}

/** `count` parts whose lengths differ by one at most, the longer ones first: `numpy.array_split`. */
function splitEvenly<T>(values: readonly T[], count: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0, start = 0; i < count; i++) {
    const end = start + Math.floor(values.length / count) + (i < values.length % count ? 1 : 0);
    parts.push(values.slice(start, end));
    start = end;
  }
  return parts;
}
