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

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 9 && byte <= 13);

/** PBM, PGM and PPM, text or binary: https://netpbm.sourceforge.net/doc/ppm.html */
export function readNetpbmHeader(bytes: Uint8Array): Netpbm {
  const kind = bytes[1] - 0x30;
  const isBitmap = kind % 3 === 1;
  const reader = new TokenReader(bytes, 2);
  const width = reader.number();
  const height = reader.number();
  const maximum = isBitmap ? 1 : reader.number();
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
  const { width, height, colour, maximum, isBitmap } = header;
  const channels = colour === 'rgb' ? 3 : 1;
  const isDeepGrey = channels === 1 && maximum > 255;
  const data = new (isDeepGrey ? Uint16Array : Uint8Array)(width * height * channels);
  const most = isDeepGrey ? 65535 : 255;
  const read = header.isText ? textSamples(bytes, header) : binarySamples(bytes, header);
  for (let i = 0; i < data.length; i++) {
    const sample = read(i);
    if (isBitmap) data[i] = sample === 0 ? 255 : 0;
    else if (maximum === 255) data[i] = sample;
    else data[i] = Math.min(most, roundHalfEven((sample / maximum) * most));
  }
  return { width, height, channels, data };
}

/** Python's `round`. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

function textSamples(bytes: Uint8Array, { dataStart, isBitmap, maximum }: Netpbm): () => number {
  const reader = new TokenReader(bytes, dataStart - 1);
  return () => {
    // Bits need no space between them.
    const sample = isBitmap ? reader.digit() : reader.number();
    if (sample > maximum)
      throw new ImageError('damaged', `a sample of ${sample} where ${maximum} is the most`);
    return sample;
  };
}

function binarySamples(bytes: Uint8Array, header: Netpbm): (i: number) => number {
  const { width, height, colour, depth, dataStart, isBitmap } = header;
  const perRow = width * (colour === 'rgb' ? 3 : 1);
  const rowBytes = isBitmap ? Math.ceil(width / 8) : perRow * (depth / 8);
  if (bytes.length < dataStart + rowBytes * height)
    throw new ImageError('truncated', `${bytes.length} bytes of ${dataStart + rowBytes * height}`);
  if (isBitmap)
    return (i) => {
      const x = i % width;
      return (bytes[dataStart + rowBytes * ((i - x) / width) + (x >> 3)] >> (7 - (x & 7))) & 1;
    };
  if (depth === 8) return (i) => bytes[dataStart + i];
  return (i) => (bytes[dataStart + 2 * i] << 8) | bytes[dataStart + 2 * i + 1];
}

/** Reads numbers between white space and `#` comments. */
class TokenReader {
  constructor(
    readonly bytes: Uint8Array,
    public position: number,
  ) {}

  number(): number {
    this.#skip();
    const start = this.position;
    let value = 0;
    while (this.#isDigit() && this.position - start < 10)
      value = value * 10 + this.bytes[this.position++] - 0x30;
    if (this.position === start) throw this.#error();
    return value;
  }

  digit(): number {
    this.#skip();
    if (!this.#isDigit()) throw this.#error();
    return this.bytes[this.position++] - 0x30;
  }

  #isDigit(): boolean {
    return this.bytes[this.position] >= 0x30 && this.bytes[this.position] <= 0x39;
  }

  #skip(): void {
    for (; this.position < this.bytes.length; this.position++) {
      if (this.bytes[this.position] === 0x23)
        while (this.position < this.bytes.length && this.bytes[this.position] !== 0x0a) this.position++;
      else if (!isSpace(this.bytes[this.position])) return;
    }
  }

  #error(): ImageError {
    return this.position >= this.bytes.length
      ? new ImageError('truncated', `${this.bytes.length} bytes that end before the last number`)
      : new ImageError('damaged', `byte ${this.bytes[this.position]} where a number should be`);
  }
}
