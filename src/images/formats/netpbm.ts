import { ImageError } from '../image.js';
import type { Samples } from './convert-colour.js';
import type { Header } from './header.js';

/** The first digit of `P1`–`P6` modulo 3: bitmap, greymap, pixmap; from 4 on the samples are binary. */
interface Netpbm extends Header {
  readonly isText: boolean;
  readonly isBitmap: boolean;
  readonly maximum: number;
  readonly dataStart: number;
}

const hash = 0x23;
const newLine = 0x0a;
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 9 && byte <= 13);
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** PBM, PGM and PPM, text or binary: https://netpbm.sourceforge.net/doc/ppm.html */
export function readNetpbmHeader(bytes: Uint8Array): Netpbm {
  const kind = (bytes[1] ?? 0) - 0x30;
  const isBitmap = kind % 3 === 1;
  const reader = new NumberReader(bytes, 2);
  const width = reader.next();
  const height = reader.next();
  const maximum = isBitmap ? 1 : reader.next();
  if (maximum < 1 || maximum > 65535) throw new ImageError('damaged', `a greatest sample of ${maximum}`);
  return {
    format: 'netpbm',
    width,
    height,
    orientation: 1,
    colour: kind % 3 === 0 ? 'rgb' : 'grey',
    alpha: false,
    depth: isBitmap ? 1 : maximum > 255 ? 16 : 8,
    isText: kind <= 3,
    isBitmap,
    maximum,
    // Binary samples begin after a single white space.
    dataStart: reader.position + 1,
  };
}

/** Decodes it into one or three channels, with Pillow's scaling to 0–255, or of deep grey to 0–65,535. */
export function decodeNetpbm(bytes: Uint8Array): Samples {
  const header = readNetpbmHeader(bytes);
  const { width, height, colour, isText, isBitmap, depth } = header;
  const channels = colour === 'rgb' ? 3 : 1;
  const data = new (channels === 1 && depth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  const levels = levelsOf(header);
  if (isText) readText(bytes, header, levels, data);
  else if (isBitmap) readBits(bytes, header, levels, data);
  else readBinary(bytes, header, levels, data);
  return { width, height, channels, data };
}

/** The level of each sample that a file can hold. */
function levelsOf({ maximum, colour, depth, isBitmap }: Netpbm): Uint16Array {
  if (isBitmap) return Uint16Array.of(255, 0);
  // Pillow opens deep grey 16 bits wide, in its mode I.
  const most = colour === 'grey' && depth === 16 ? 65535 : 255;
  const levels = new Uint16Array(depth === 16 ? 65536 : 256);
  for (let sample = 0; sample < levels.length; sample++)
    levels[sample] = Math.min(most, roundHalfEven((sample / maximum) * most));
  return levels;
}

/** Python's `round`. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

type Data = Uint8Array | Uint16Array;

function readText(
  bytes: Uint8Array,
  { dataStart, isBitmap, maximum }: Netpbm,
  levels: Uint16Array,
  data: Data,
): void {
  const reader = new NumberReader(bytes, dataStart - 1);
  for (let i = 0; i < data.length; i++) {
    // Bits need no space between them.
    const sample = reader.next(isBitmap ? 1 : 10);
    if (sample > maximum)
      throw new ImageError('damaged', `a sample of ${sample} where ${maximum} is the most`);
    data[i] = levels[sample]!;
  }
}

function readBits(
  bytes: Uint8Array,
  { width, height, dataStart }: Netpbm,
  levels: Uint16Array,
  data: Data,
): void {
  const rowBytes = Math.ceil(width / 8);
  checkLength(bytes, dataStart + rowBytes * height);
  for (let y = 0, to = 0; y < height; y++) {
    const row = dataStart + y * rowBytes;
    for (let x = 0; x < width; x++) data[to++] = levels[(bytes[row + (x >> 3)]! >> (7 - (x & 7))) & 1]!;
  }
}

function readBinary(bytes: Uint8Array, { dataStart, depth }: Netpbm, levels: Uint16Array, data: Data): void {
  checkLength(bytes, dataStart + (data.length * depth) / 8);
  if (depth === 8) for (let i = 0; i < data.length; i++) data[i] = levels[bytes[dataStart + i]!]!;
  else
    for (let i = 0, at = dataStart; i < data.length; i++, at += 2)
      data[i] = levels[(bytes[at]! << 8) | bytes[at + 1]!]!;
}

function checkLength(bytes: Uint8Array, expected: number): void {
  if (bytes.length < expected) throw new ImageError('truncated', `${bytes.length} bytes of ${expected}`);
}

/** Reads numbers between white space and `#` comments. */
class NumberReader {
  constructor(
    readonly bytes: Uint8Array,
    public position: number,
  ) {}

  /** @param mostDigits ends a number that is longer */
  next(mostDigits = 10): number {
    const { bytes } = this;
    this.#skip();
    const start = this.position;
    const end = Math.min(bytes.length, start + mostDigits);
    let value = 0;
    for (; this.position < end && isDigit(bytes[this.position]!); this.position++)
      value = value * 10 + bytes[this.position]! - 0x30;
    if (this.position === start) throw this.#error();
    return value;
  }

  #skip(): void {
    const { bytes } = this;
    for (; this.position < bytes.length; this.position++) {
      if (bytes[this.position] === hash)
        while (this.position < bytes.length && bytes[this.position] !== newLine) this.position++;
      else if (!isSpace(bytes[this.position]!)) return;
    }
  }

  #error(): ImageError {
    return this.position >= this.bytes.length
      ? new ImageError('truncated', `${this.bytes.length} bytes that end before the last number`)
      : new ImageError('damaged', `byte ${this.bytes[this.position]} where a number should be`);
  }
}
