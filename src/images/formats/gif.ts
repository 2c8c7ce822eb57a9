import { type Image, ImageError } from '../image.js';
import { greyPalette } from './palette.js';

/** Where the first frame of a GIF lies, and how big the canvas is. */
interface Frame {
  /** The logical screen, widened until the frame fits on it, as Pillow does. */
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly isInterlaced: boolean;
  /** RGB triples; entries that the file lacks are greys. */
  readonly palette: Uint8Array;
  /** The colour that counts as transparent, or −1. */
  readonly transparent: number;
  readonly dataStart: number;
}

const block = { extension: 0x21, image: 0x2c, graphicControl: 0xf9 };

/**
 * Reads up to the first frame's data.
 * Format: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 *
 * @throws ImageError when there is no frame, RangeError when the bytes end before it
 */
export function readGifFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const screen = view.getUint8(10);
  let position = 13;
  let palette: Uint8Array | undefined;
  const readPalette = (flags: number): void => {
    if ((flags & 0x80) === 0) return;
    const size = 3 * 2 ** ((flags & 7) + 1);
    palette = bytes.subarray(position, position + size);
    position += size;
  };
  readPalette(screen);
  let transparent = -1;
  for (;;) {
    const code = view.getUint8(position++);
    if (code === block.extension) {
      if (view.getUint8(position++) === block.graphicControl && (view.getUint8(position + 1) & 1) === 1)
        transparent = view.getUint8(position + 4);
      for (let size = view.getUint8(position++); size > 0; size = view.getUint8(position++)) position += size;
    } else if (code === block.image) break;
    else throw new ImageError('damaged', 'a GIF without a frame');
  }
  const left = view.getUint16(position, true);
  const top = view.getUint16(position + 2, true);
  const frameWidth = view.getUint16(position + 4, true);
  const frameHeight = view.getUint16(position + 6, true);
  const flags = view.getUint8(position + 8);
  position += 9;
  readPalette(flags);
  const whole = greyPalette();
  if (palette) whole.set(palette);
  return {
    width: Math.max(view.getUint16(6, true), left + frameWidth),
    height: Math.max(view.getUint16(8, true), top + frameHeight),
    left,
    top,
    frameWidth,
    frameHeight,
    isInterlaced: (flags & 0x40) !== 0,
    palette: whole,
    transparent,
    dataStart: position,
  };
}

/** Decodes the first frame to RGB, on a canvas of its transparent colour, or else of its first; to RGBA if it has one. */
export function decodeGif(bytes: Uint8Array): Image {
  const frame = readGifFrame(bytes);
  const { width, height, palette, transparent } = frame;
  const canvas = drawFrame(frame, unpack(bytes, frame.dataStart, frame.frameWidth * frame.frameHeight));
  const channels = transparent < 0 ? 3 : 4;
  const data = new Uint8Array(channels * width * height);
  for (let i = 0, to = 0; i < canvas.length; i++, to += channels) {
    const index = canvas[i]!;
    data[to] = palette[3 * index]!;
    data[to + 1] = palette[3 * index + 1]!;
    data[to + 2] = palette[3 * index + 2]!;
    if (channels === 4) data[to + 3] = index === transparent ? 0 : 255;
  }
  return { width, height, channels, data };
}

/** The canvas's indices, row by row. */
function drawFrame(frame: Frame, indices: Uint8Array): Uint8Array {
  const { width, height, frameWidth, frameHeight, isInterlaced } = frame;
  if (width === frameWidth && height === frameHeight && !isInterlaced) return indices;
  const canvas = new Uint8Array(width * height).fill(Math.max(0, frame.transparent));
  let from = 0;
  for (const y of rowOrder(frame)) {
    canvas.set(indices.subarray(from, from + frameWidth), (frame.top + y) * width + frame.left);
    from += frameWidth;
  }
  return canvas;
}

/** The first row of each pass, and the step to its next. */
const passes = {
  whole: [[0, 1]],
  interlaced: [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ],
} as const;

/** The rows in the order in which they are stored. */
function* rowOrder({ frameHeight, isInterlaced }: Frame): Generator<number> {
  for (const [start, step] of isInterlaced ? passes.interlaced : passes.whole)
    for (let y = start; y < frameHeight; y += step) yield y;
}

/** LZW with codes of growing length, least significant bit first. */
function unpack(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const firstSize = bytes[start] ?? 0;
  if (!(firstSize >= 1 && firstSize <= 11))
    throw new ImageError('damaged', `a GIF with codes of ${firstSize} bits`);
  const clear = 1 << firstSize;
  const end = clear + 1;
  /** Where the indices that a code stands for came first, and how many they are: those of the code before, and one more. */
  const starts = new Int32Array(4096);
  const lengths = new Uint16Array(4096);
  const out = new Uint8Array(length);
  let written = 0;
  let size = firstSize + 1;
  let next = end + 1;
  let previous = -1;
  let previousStart = 0;
  let previousLength = 0;
  let bits = 0;
  let count = 0;
  let position = start + 1;
  let left = 0;
  while (written < length) {
    while (count < size) {
      if (left === 0) {
        left = bytes[position++] ?? 0;
        if (left === 0 || position + left > bytes.length)
          throw new ImageError('truncated', `a GIF that ends after ${written} of ${length} pixels`);
      }
      bits |= bytes[position++]! << count;
      count += 8;
      left--;
    }
    const code = bits & ((1 << size) - 1);
    bits >>>= size;
    count -= size;
    if (code === clear) {
      size = firstSize + 1;
      next = end + 1;
      previous = -1;
      continue;
    }
    if (code === end)
      throw new ImageError('truncated', `a GIF that ends after ${written} of ${length} pixels`);
    if (code > next || (code === next && previous < 0) || (previous < 0 && code > end))
      throw new ImageError('damaged', 'a GIF with a code that stands for nothing');
    const start = written;
    if (code < clear) out[written++] = code;
    else {
      // A code that is only now being made stands for the previous one and its own first index.
      const isNew = code === next;
      let from = isNew ? previousStart : starts[code]!;
      const stop = Math.min(length, written + (isNew ? previousLength + 1 : lengths[code]!));
      while (written < stop) out[written++] = out[from++]!;
    }
    if (previous >= 0 && next < 4096) {
      starts[next] = previousStart;
      lengths[next] = previousLength + 1;
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    previous = code;
    previousStart = start;
    previousLength = written - start;
  }
  return out;
}
