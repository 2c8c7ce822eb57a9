/** Where rows go that are read: to memory, or to NumPy's file. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { withPath } from '#platform';
import { encodeNpyHeader } from './npy.js';

/** Takes rows (D) in any order. */
export interface RowSink {
  /** Called before the rows, and again where some were found to be damaged: all of them come anew then. */
  begin(rows: number, features: number): void;
  /** The row is the reader's, and may change afterwards. */
  write(place: number, row: Float32Array): void;
}

/** Rows in memory, all in one piece. */
export class MemoryRows implements RowSink {
  #features = 0;
  #data = new Float32Array(0);

  begin(rows: number, features: number): void {
    this.#features = features;
    this.#data = new Float32Array(rows * features);
  }

  write(place: number, row: Float32Array): void {
    this.#data.set(row, place * this.#features);
  }

  /** A row, in the memory of all. */
  row(place: number): Float32Array {
    return this.#data.subarray(place * this.#features, (place + 1) * this.#features);
  }
}

/** Rows in a file as `numpy.save` writes it, each written as it comes. */
export class NpyRows implements RowSink {
  readonly #file: number;
  #start = 0;
  #features = 0;

  /**
   * @param place the path that errors name: that of the file when it is finished
   * @throws a system error where the file cannot be made
   */
  constructor(
    path: string,
    private readonly place: string,
  ) {
    this.#file = this.#named(() => openSync(path, 'w'));
  }

  begin(rows: number, features: number): void {
    const header = encodeNpyHeader('float32', [rows, features]);
    this.#start = header.length;
    this.#features = features;
    this.#named(() => ftruncateSync(this.#file, this.#start + 4 * rows * features));
    this.#write(header, 0);
  }

  write(place: number, row: Float32Array): void {
    const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
    this.#write(bytes, this.#start + 4 * this.#features * place);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; )
      done += this.#named(() => writeSync(this.#file, bytes, done, bytes.length - done, position + done));
  }

  #named<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw withPath(error, this.place);
    }
  }
}
