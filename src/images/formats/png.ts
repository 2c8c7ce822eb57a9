/**
 * PNG decoding where there is no libpng: in Node without sharp, and for what browsers decode otherwise than Pillow.
 * Format: https://www.w3.org/TR/png-3/
 */
import { ImageError } from '../image.js';
import type { Samples } from './convert-colour.js';

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly isInterlaced: boolean;
}

const samplesOf: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const paletted = 3;

/** Adam7: first column and row of each pass, and the steps between them. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Decodes a PNG to bytes, or to 16-bit samples where it has those. Palettes and transparent colours are resolved,
 * the latter to an alpha channel.
 *
 * @throws ImageError when a checksum is wrong or the pixels are not all there
 */
export async function decodePng(bytes: Uint8Array): Promise<Samples> {
  const { layout, palette, transparency, data } = readChunks(bytes);
  const { width, height, depth, colourType, isInterlaced } = layout;
  const samples = samplesOf[colourType];
  if (!samples || ![1, 2, 4, 8, 16].includes(depth))
    throw new ImageError('damaged', `a PNG of colour type ${colourType} with ${depth} bits a sample`);
  const passes = isInterlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  const rowBytes = (columns: number) => Math.ceil((columns * samples * depth) / 8);
  const sizes = passes.map(([left, top, stepX, stepY]) => ({
    columns: Math.ceil((width - left) / stepX),
    rows: Math.ceil((height - top) / stepY),
  }));
  const expected = sizes.reduce(
    (sum, { columns, rows }) => sum + (columns > 0 && rows > 0 ? rows * (1 + rowBytes(columns)) : 0),
    0,
  );
  const raw = await inflate(data, expected);

  const values =
    depth === 16 ? new Uint16Array(width * height * samples) : new Uint8Array(width * height * samples);
  let from = 0;
  for (const [i, [left, top, stepX, stepY]] of passes.entries()) {
    const { columns, rows } = sizes[i]!;
    if (columns <= 0 || rows <= 0) continue;
    const length = rowBytes(columns);
    let above: Uint8Array = new Uint8Array(length);
    for (let row = 0; row < rows; row++, from += 1 + length) {
      const line = raw.subarray(from + 1, from + 1 + length);
      unfilter(line, above, raw[from], Math.max(1, (samples * depth) >> 3));
      for (let column = 0; column < columns; column++) {
        const to = ((top + row * stepY) * width + left + column * stepX) * samples;
        for (let s = 0; s < samples; s++) values[to + s] = sampleAt(line, column * samples + s, depth);
      }
      above = line;
    }
  }
  return resolve(values, layout, samples, palette, transparency);
}

const sampleAt = (line: Uint8Array, i: number, depth: number): number => {
  if (depth === 8) return line[i];
  if (depth === 16) return (line[2 * i] << 8) | line[2 * i + 1];
  const bit = i * depth;
  return (line[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
};

/** Undoes a row's filter in place; `distance` is the bytes of a pixel. */
function unfilter(line: Uint8Array, above: Uint8Array, filter: number, distance: number): void {
  if (filter > 4) throw new ImageError('damaged', `a PNG row with filter ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < line.length; i++) {
    const left = i < distance ? 0 : line[i - distance];
    const up = above[i];
    if (filter === 1) line[i] += left;
    else if (filter === 2) line[i] += up;
    else if (filter === 3) line[i] += (left + up) >> 1;
    else line[i] += paeth(left, up, i < distance ? 0 : above[i - distance]);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}

/** Palette indices to colours, few bits to eight, a transparent colour to alpha. */
function resolve(
  values: Uint8Array | Uint16Array,
  { width, height, depth, colourType }: Layout,
  samples: number,
  palette: Uint8Array,
  transparency: Uint8Array | undefined,
): Samples {
  const pixels = width * height;
  const isPaletted = colourType === paletted;
  const colours = isPaletted ? 3 : samples;
  const channels = colours + (transparency ? 1 : 0);
  const scale = isPaletted || depth >= 8 ? 1 : 255 / ((1 << depth) - 1);
  if (!isPaletted && !transparency && scale === 1) return { width, height, channels, data: values };
  const opaque = depth === 16 ? 0xffff : 0xff;
  const clear = Array.from(
    { length: colours },
    (_, c) => ((transparency?.[2 * c] ?? 0) << 8) | (transparency?.[2 * c + 1] ?? 0),
  );
  const data = depth === 16 ? new Uint16Array(pixels * channels) : new Uint8Array(pixels * channels);
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += samples, to += channels) {
    let isClear = true;
    for (let c = 0; c < colours; c++) {
      data[to + c] = isPaletted ? palette[3 * values[from] + c] : values[from + c] * scale;
      isClear &&= values[from + c] === clear[c];
    }
    if (transparency)
      data[to + colours] = isPaletted ? (transparency[values[from]] ?? 255) : isClear ? 0 : opaque;
  }
  return { width, height, channels, data };
}

function readChunks(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout: Layout = {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: view.getUint8(24),
    colourType: view.getUint8(25),
    isInterlaced: view.getUint8(28) === 1,
  };
  // Indices beyond the palette are grey, as in Pillow.
  const palette = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  let transparency: Uint8Array | undefined;
  const data: Uint8Array[] = [];
  const table = crcTable();
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (at + 12 + length > bytes.length) break;
    const isCritical = (bytes[at + 4] & 0x20) === 0;
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

/** Inflates to exactly `length` bytes; what follows is not looked at. */
async function inflate(parts: readonly Uint8Array[], length: number): Promise<Uint8Array> {
  const out = new Uint8Array(length);
  let written = 0;
  const source = new ReadableStream<BufferSource>({
    start(controller) {
      for (const part of parts) controller.enqueue(part as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  });
  const reader = source.pipeThrough(new DecompressionStream('deflate')).getReader();
  try {
    while (written < length) {
      const { done, value } = await reader.read();
      if (done) break;
      out.set(value.subarray(0, length - written), written);
      written += value.length;
    }
  } catch (cause) {
    throw new ImageError('damaged', 'a PNG whose data does not decode', { cause });
  } finally {
    reader.cancel().catch(() => {});
  }
  if (written < length)
    throw new ImageError('truncated', `a PNG that ends after ${written} of ${length} bytes`);
  return out;
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
  for (let i = 0; i < bytes.length; i++) value = table[(value ^ bytes[i]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
