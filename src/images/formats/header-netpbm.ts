import { ImageError } from '../image.js';
import type { Header } from './header.js';

/** The first digit of `P1`–`P6` modulo 3: bitmap, greymap, pixmap; from 4 on the samples are binary. */
export interface Netpbm extends Header {
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

/** Reads numbers between white space and `#` comments. */
export class NumberReader {
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
