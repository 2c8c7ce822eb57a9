import { ImageError } from '../image.js';
import type { Samples } from './convert-colour.js';
import { type Netpbm, NumberReader, readNetpbmHeader } from './header-netpbm.js';

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
