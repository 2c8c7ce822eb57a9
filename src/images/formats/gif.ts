import { type Image, ImageError } from '../image.js';
import { type Frame, readGifFrame } from './header-gif.js';

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
