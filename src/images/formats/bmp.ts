import { type Image, ImageError } from '../image.js';
import { type BmpHeader, method, readBmp } from './header-bmp.js';
import { greyPalette } from './palette.js';

/** Decodes to RGB, or RGBA where a mask says so. */
export function decodeBmp(bytes: Uint8Array): Image {
  const header = readBmp(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const { width, height, bits, compression, masks, isTopDown, dataStart } = header;
  if (![1, 4, 8, 16, 24, 32].includes(bits) || ![0, 1, 2, 3, 6].includes(compression))
    throw new ImageError('unsupported', `a BMP of ${bits} bits a pixel with compression ${compression}`);
  const isPacked = compression === method.rle8 || compression === method.rle4;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (!isPacked && dataStart + rowBytes * height > bytes.length)
    throw new ImageError(
      'truncated',
      `a BMP of ${bytes.length} bytes that should have ${dataStart + rowBytes * height}`,
    );
  const rows = isPacked
    ? { source: unpack(bytes, header), start: 0, stride: width, bits: 8 }
    : { source: bytes, start: dataStart, stride: rowBytes, bits };
  const writeRow =
    bits <= 8
      ? indexedRows(rows.source, rows.bits, readPalette(bytes, header))
      : bits === 24
        ? blueFirstRows(bytes)
        : maskedRows(bytes, bits, masks);
  const channels = bits > 8 && masks[3] ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const length = width * channels;
  for (let y = 0; y < height; y++) {
    const row = isTopDown ? y : height - 1 - y;
    writeRow(rows.start + row * rows.stride, data.subarray(y * length, (y + 1) * length));
  }
  return { width, height, channels, data };
}

/** Decodes the row whose bytes begin at `from`. */
type WriteRow = (from: number, row: Uint8Array) => void;

const indexedRows =
  (source: Uint8Array, bits: number, palette: Uint8Array): WriteRow =>
  (from, row) => {
    const most = (1 << bits) - 1;
    for (let bit = 0, to = 0; to < row.length; bit += bits, to += 3) {
      const index = (source[from + (bit >> 3)]! >> (8 - bits - (bit & 7))) & most;
      row[to] = palette[3 * index]!;
      row[to + 1] = palette[3 * index + 1]!;
      row[to + 2] = palette[3 * index + 2]!;
    }
  };

const blueFirstRows =
  (source: Uint8Array): WriteRow =>
  (from, row) => {
    for (let at = from, to = 0; to < row.length; at += 3, to += 3) {
      row[to] = source[at + 2]!;
      row[to + 1] = source[at + 1]!;
      row[to + 2] = source[at]!;
    }
  };

function maskedRows(source: Uint8Array, bits: number, masks: readonly number[]): WriteRow {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const fields = masks.filter((mask, c) => c < 3 || mask !== 0).map(readField);
  const step = fields.length;
  return (from, row) => {
    for (const [c, { mask, shift, largest }] of fields.entries()) {
      const scale = 255 / largest;
      const isWhole = Number.isInteger(scale);
      for (let to = c, at = from; to < row.length; to += step, at += bits >> 3) {
        const pixel = bits === 16 ? view.getUint16(at, true) : view.getUint32(at, true);
        const value = (pixel & mask) >>> shift;
        // A division takes long, and a product with a fraction may fall short of a whole number.
        row[to] = isWhole ? value * scale : (value * 255) / largest;
      }
    }
  };
}

/** Where a channel's bits lie in a pixel, and the largest value that they have. */
function readField(mask: number): { mask: number; shift: number; largest: number } {
  const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
  return { mask, shift, largest: mask >>> shift };
}

/** RGB triples; entries that the file lacks are greys. */
function readPalette(bytes: Uint8Array, { palette: { start, count, entry } }: BmpHeader): Uint8Array {
  const palette = greyPalette();
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) palette[3 * i + c] = bytes[start + i * entry + 2 - c] ?? 0;
  return palette;
}

/** Run lengths of 4 or 8 bits: indices, the first row first. Skipped pixels stay 0. */
function unpack(bytes: Uint8Array, { width, height, compression, dataStart }: BmpHeader): Uint8Array {
  const isRle4 = compression === method.rle4;
  const out = new Uint8Array(width * height);
  let position = dataStart;
  let x = 0;
  let y = 0;
  const put = (index: number): void => {
    if (x < width && y < height) out[y * width + x] = index;
    x++;
  };
  const half = (byte: number, i: number): number => (isRle4 ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte);
  while (y < height) {
    if (position + 2 > bytes.length)
      throw new ImageError('truncated', `a BMP that ends after ${y} of ${height} rows`);
    const count = bytes[position++]!;
    const value = bytes[position++]!;
    if (count > 0) for (let i = 0; i < count; i++) put(half(value, i));
    else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) break;
    else if (value === 2) {
      x += bytes[position] ?? 0;
      y += bytes[position + 1] ?? 0;
      position += 2;
    } else {
      const size = isRle4 ? Math.ceil(value / 2) : value;
      for (let i = 0; i < value; i++) put(half(bytes[position + (isRle4 ? i >> 1 : i)] ?? 0, i));
      position += size + (size & 1);
    }
  }
  return out;
}
