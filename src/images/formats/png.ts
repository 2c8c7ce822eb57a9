/**
 * PNG decoding where there is no libpng: in Node without sharp, and for grey of 16 bits in a page.
 * Format: https://www.w3.org/TR/png-3/
 */
import { ImageError } from '../image.js';
import type { Samples } from './convert-colour.js';
import { greyPalette } from './palette.js';

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly isInterlaced: boolean;
}

const samplesOf: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const paletted = 3;

interface Png {
  readonly layout: Layout;
  /** RGB triples. */
  readonly palette: Uint8Array;
  /** Alpha by index, or the transparent colour, two bytes a sample. */
  readonly transparency: Uint8Array | undefined;
  /** Compressed rows, in parts. */
  readonly data: readonly Uint8Array[];
}

/** First column and row of a pass over the picture, and the steps to the next ones. */
type Pass = readonly [left: number, top: number, stepX: number, stepY: number];

const wholePicture: readonly Pass[] = [[0, 0, 1, 1]];

const adam7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/**
 * Decodes a PNG to bytes, or to 16-bit samples where it has those. Palettes and transparent colours are resolved,
 * the latter to an alpha channel.
 *
 * @throws ImageError when a checksum is wrong or the pixels are not all there
 */
export async function decodePng(bytes: Uint8Array): Promise<Samples> {
  const png = readChunks(bytes);
  const { width, height, depth, colourType, isInterlaced } = png.layout;
  const samples = samplesOf[colourType];
  if (!samples || ![1, 2, 4, 8, 16].includes(depth))
    throw new ImageError('damaged', `a PNG of colour type ${colourType} with ${depth} bits a sample`);
  const rows = [...rowsOf(width, height, isInterlaced ? adam7 : wholePicture)].map((row) => ({
    ...row,
    length: 1 + Math.ceil((row.columns * samples * depth) / 8),
  }));
  const channels = (colourType === paletted ? 3 : samples) + (png.transparency ? 1 : 0);
  const data = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  const writePixels = pixelWriter(png, samples, channels, data);
  const distance = Math.max(1, (samples * depth) >> 3);
  await readLines(png.data, rows, (line, above, { first, step, columns }) => {
    unfilter(line, above, distance);
    writePixels(line, columns, first * channels, step * channels);
  });
  return { width, height, channels, data };
}

/** A row of a pass: how many pixels it has, and where they belong in the picture. */
interface Row {
  readonly columns: number;
  /** Number of the row's first pixel, and how far on the next one is. */
  readonly first: number;
  readonly step: number;
  readonly startsPass: boolean;
}

function* rowsOf(width: number, height: number, passes: readonly Pass[]): Generator<Row> {
  for (const [left, top, step, stepY] of passes) {
    const columns = Math.ceil((width - left) / step);
    if (columns <= 0) continue;
    for (let y = top; y < height; y += stepY)
      yield { columns, first: y * width + left, step, startsPass: y === top };
  }
}

/**
 * Inflates the rows, one after the other. Data after them is not read.
 *
 * @param use gets a row's filter and bytes, and those of the row above: zeros at the top of a pass
 */
async function readLines<T extends Row & { readonly length: number }>(
  parts: readonly Uint8Array[],
  rows: readonly T[],
  use: (line: Uint8Array, above: Uint8Array, row: T) => void,
): Promise<void> {
  let above = new Uint8Array();
  let line = new Uint8Array();
  let filled = 0;
  let done = 0;
  let written = 0;
  for await (const chunk of inflate(parts)) {
    let at = 0;
    for (let row = rows[done]; row && at < chunk.length; row = rows[done]) {
      if (filled === 0) {
        if (row.startsPass) above = new Uint8Array(row.length);
        if (line.length !== row.length) line = new Uint8Array(row.length);
      }
      const part = chunk.subarray(at, at + row.length - filled);
      line.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < row.length) break;
      use(line, above, row);
      [above, line] = [line, above];
      filled = 0;
      done++;
      written += row.length;
    }
    if (done === rows.length) return;
  }
  const expected = rows.reduce((sum, { length }) => sum + length, 0);
  throw new ImageError('truncated', `a PNG that ends after ${written + filled} of ${expected} bytes`);
}

/** Undoes a row's filter, which its first byte tells, in place; `distance` is the bytes of a pixel. */
function unfilter(line: Uint8Array, above: Uint8Array, distance: number): void {
  const [filter = 0] = line;
  if (filter > 4) throw new ImageError('damaged', `a PNG row with filter ${filter}`);
  if (filter === 0) return;
  for (let i = 1; i < line.length; i++) {
    const isFirst = i <= distance;
    const left = isFirst ? 0 : line[i - distance]!;
    const up = above[i]!;
    if (filter === 1) line[i]! += left;
    else if (filter === 2) line[i]! += up;
    else if (filter === 3) line[i]! += (left + up) >> 1;
    else line[i]! += paeth(left, up, isFirst ? 0 : above[i - distance]!);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}

/** Writes a row's pixels: palette indices as colours, few bits as eight, a transparent colour as alpha. */
function pixelWriter(
  { layout: { depth, colourType }, palette, transparency }: Png,
  samples: number,
  channels: number,
  data: Uint8Array | Uint16Array,
): (line: Uint8Array, columns: number, first: number, step: number) => void {
  const scale = depth >= 8 ? 1 : 255 / ((1 << depth) - 1);
  if (colourType === paletted)
    return (line, columns, first, step) => {
      for (let x = 0, to = first; x < columns; x++, to += step) {
        const index = sampleAt(line, x, depth);
        for (let c = 0; c < 3; c++) data[to + c] = palette[3 * index + c]!;
        if (transparency) data[to + 3] = transparency[index] ?? 255;
      }
    };
  const isPlain = depth === 8 && channels === samples;
  const opaque = depth === 16 ? 0xffff : 0xff;
  const clear = Array.from(
    { length: samples },
    (_, c) => ((transparency?.[2 * c] ?? 0) << 8) | (transparency?.[2 * c + 1] ?? 0),
  );
  return (line, columns, first, step) => {
    if (isPlain && step === channels) {
      data.set(line.subarray(1), first);
      return;
    }
    for (let x = 0, to = first; x < columns; x++, to += step) {
      let isClear = true;
      for (let c = 0; c < samples; c++) {
        const sample = sampleAt(line, x * samples + c, depth);
        data[to + c] = sample * scale;
        isClear &&= sample === clear[c];
      }
      if (channels > samples) data[to + samples] = isClear ? 0 : opaque;
    }
  };
}

/** The sample number `i` of a row, whose first byte is its filter. */
const sampleAt = (line: Uint8Array, i: number, depth: number): number => {
  if (depth === 8) return line[1 + i]!;
  if (depth === 16) return (line[1 + 2 * i]! << 8) | line[2 + 2 * i]!;
  const bit = i * depth;
  return (line[1 + (bit >> 3)]! >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
};

function readChunks(bytes: Uint8Array): Png {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout: Layout = {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: view.getUint8(24),
    colourType: view.getUint8(25),
    isInterlaced: view.getUint8(28) === 1,
  };
  // Indices beyond the palette are grey, as in Pillow.
  const palette = greyPalette();
  let transparency: Uint8Array | undefined;
  const data: Uint8Array[] = [];
  const table = crcTable();
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (at + 12 + length > bytes.length) break;
    const isCritical = (view.getUint8(at + 4) & 0x20) === 0;
    if (isCritical && crc(table, bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length))
      throw new ImageError('damaged', `a PNG whose ${type} chunk has a wrong checksum`);
    if (type === 'PLTE') palette.set(content.subarray(0, 768));
    if (type === 'tRNS') transparency = content;
    if (type === 'IDAT') data.push(content);
    if (type === 'IEND') break;
    at += 12 + length;
  }
  const hasAlpha = (layout.colourType & 4) !== 0;
  return { layout, palette, transparency: hasAlpha ? undefined : transparency, data };
}

/** Inflates parts that belong together. */
async function* inflate(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const source = new ReadableStream<BufferSource>({
    start(controller) {
      for (const part of parts) controller.enqueue(part as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  });
  const reader = source.pipeThrough(new DecompressionStream('deflate')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw new ImageError('damaged', 'a PNG whose data does not decode', { cause });
  } finally {
    reader.cancel().catch(() => {});
  }
}

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}

function crc(table: Uint32Array, bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = table[(value ^ byte) & 255]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
