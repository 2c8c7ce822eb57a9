import type { Image } from '../image.js';

/** How a camera was held, as EXIF numbers it: 1 is upright, 6 wants a quarter turn clockwise. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const orientationTag = 0x0112;
const shortType = 3;

/**
 * Reads the orientation from EXIF data, which is a TIFF file without pixels; damaged EXIF is no orientation.
 *
 * @param exif from its byte-order mark `II` or `MM` on, with or without `Exif\0\0` before
 */
export function readExifOrientation(exif: Uint8Array): Orientation {
  const start = exif[0] === 0x45 && exif[4] === 0 ? 6 : 0;
  if (exif.length < start + 8) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset + start, exif.length - start);
  const mark = view.getUint16(0);
  if (mark !== 0x4949 && mark !== 0x4d4d) return 1;
  const little = mark === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return 1;
  const count = view.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > view.byteLength) return 1;
    if (view.getUint16(entry, little) !== orientationTag) continue;
    const isShort = view.getUint16(entry + 2, little) === shortType;
    return toOrientation(isShort ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little));
  }
  return 1;
}

/** Numbers that EXIF does not know mean upright. */
export const toOrientation = (value: number): Orientation =>
  Number.isInteger(value) && value >= 1 && value <= 8 ? (value as Orientation) : 1;

/** The orientation that undoes another: quarter turns change their sense, the rest undo themselves. */
export const inverse = (orientation: Orientation): Orientation =>
  orientation === 6 ? 8 : orientation === 8 ? 6 : orientation;

/** Whether the upright picture is as wide as the stored one is high. */
export const swapsSides = (orientation: Orientation): boolean => orientation >= 5;

/** Side in pixels. */
const square = 32;

/** Turns and mirrors a picture upright, as Pillow's `ImageOps.exif_transpose` does. */
export function orient(image: Image, orientation: Orientation): Image {
  if (orientation === 1) return image;
  const { width, height, channels, data } = image;
  const [outWidth, outHeight] = swapsSides(orientation) ? [height, width] : [width, height];
  // The output's pixel (x, y) is the input's pixel number origin + x·stepX + y·stepY.
  const last = width * height - 1;
  const [origin, stepX, stepY] = {
    2: [width - 1, -1, width],
    3: [last, -1, -width],
    4: [last - width + 1, 1, -width],
    5: [0, width, 1],
    6: [last - width + 1, -width, 1],
    7: [last, -width, -1],
    8: [width - 1, width, -1],
  }[orientation] as [number, number, number];
  const out = new Uint8Array(data.length);
  // In small squares: pixels that are read column by column then stay in the processor's cache.
  for (let top = 0; top < outHeight; top += square)
    for (let left = 0; left < outWidth; left += square) {
      const right = Math.min(left + square, outWidth);
      const bottom = Math.min(top + square, outHeight);
      for (let y = top; y < bottom; y++) {
        let from = (origin + y * stepY + left * stepX) * channels;
        const end = (y * outWidth + right) * channels;
        for (let to = (y * outWidth + left) * channels; to < end; from += stepX * channels) {
          out[to++] = data[from]!;
          if (channels === 1) continue;
          out[to++] = data[from + 1]!;
          out[to++] = data[from + 2]!;
          if (channels === 4) out[to++] = data[from + 3]!;
        }
      }
    }
  return { width: outWidth, height: outHeight, channels, data: out };
}
