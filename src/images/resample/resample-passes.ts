/** The two passes of resample.ts in plain TypeScript: the reference for resample-kernel.ts, and its stand-in. */
import type { Image } from '../image.js';
import { half, precision, type Weights } from './filters.js';

const clip = (sum: number): number => {
  const value = sum >> precision;
  return value < 0 ? 0 : value > 255 ? 255 : value;
};

/** Resamples each row: (H, W, C) → (H, width, C). */
export function resampleRows(image: Image, { starts, counts, values, stride }: Weights): Image {
  const { height, channels, data } = image;
  const width = starts.length;
  const out = new Uint8Array(height * width * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = y * image.width * channels;
    for (let x = 0; x < width; x++) {
      const begin = x * stride;
      const end = begin + counts[x]!;
      for (let c = 0; c < channels; c++) {
        let sum = half;
        for (let k = begin, from = row + starts[x]! * channels + c; k < end; k++, from += channels)
          sum += data[from]! * values[k]!;
        out[to++] = clip(sum);
      }
    }
  }
  return { width, height, channels, data: out };
}

/** Resamples each column: (H, W, C) → (height, W, C). A row of sums runs along, so that memory is read in order. */
export function resampleColumns(image: Image, { starts, counts, values, stride }: Weights): Image {
  const { width, channels, data } = image;
  const height = starts.length;
  const row = width * channels;
  const out = new Uint8Array(height * row);
  const sums = new Int32Array(row);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = values[y * stride + k]!;
      const from = (starts[y]! + k) * row;
      for (let i = 0; i < row; i++) sums[i]! += data[from + i]! * weight;
    }
    for (let i = 0; i < row; i++) out[y * row + i] = clip(sums[i]!);
  }
  return { width, height, channels, data: out };
}
