import type { Image } from '../image.js';
import type { Face } from './face.js';

/** A part of a picture, in whole pixels. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A square in a picture, in pixels, turned about its centre. */
export interface Square {
  readonly x: number;
  readonly y: number;
  /** Whole pixels. */
  readonly side: number;
  /** Where the square's own x axis points to in the picture, of length 1: (1, 0) when it is upright. */
  readonly direction: readonly [x: number, y: number];
}

export interface FaceCropOptions {
  /** The margin on every side of the face, as a fraction of its size. Default: 0.4. */
  margin?: number;
  /** Whether to turn the picture so that the eyes are level, where they are tilted by 10° or more. Default: true. */
  level?: boolean;
}

/**
 * The sine of the least tilt that is levelled, 10°. Turning blurs a little, and embeddings of faces that are nearly
 * upright were told apart better without (equal error rate on ORL faces 1.7% instead of 2.2%).
 */
const leastTilt = 0.17365;

/**
 * The square that shows a face: about the middle of its box, along the line of its eyes. It is moved, and made
 * smaller where it must be, so that its upright form lies inside the picture.
 *
 * The face's coordinates are first rounded to quarters of a pixel, so that engines whose sums differ in the last
 * digits cut out the same pixels. No angle is computed, since sines differ between JavaScript engines, too.
 */
export function faceSquare(
  { box, keypoints }: Face,
  { width, height }: Pick<Image, 'width' | 'height'>,
  { margin = 0.4, level = true }: FaceCropOptions = {},
): Square {
  const [left, right] = [toQuarter(box.left), toQuarter(box.right)];
  const [top, bottom] = [toQuarter(box.top), toQuarter(box.bottom)];
  const wanted = Math.round(Math.max(right - left, bottom - top) * (1 + 2 * margin));
  const side = Math.max(1, Math.min(wanted, width, height));
  const inside = (centre: number, length: number) => Math.max(side / 2, Math.min(centre, length - side / 2));
  const { rightEye, leftEye } = keypoints;
  const dx = toQuarter(leftEye.x) - toQuarter(rightEye.x);
  const dy = toQuarter(leftEye.y) - toQuarter(rightEye.y);
  const length = Math.sqrt(dx * dx + dy * dy);
  const isTilted = length > 0 && (dx < 0 || Math.abs(dy) >= leastTilt * length);
  return {
    x: inside((left + right) / 2, width),
    y: inside((top + bottom) / 2, height),
    side,
    direction: isTilted && level ? [dx / length, dy / length] : [1, 0],
  };
}

const toQuarter = (value: number): number => Math.round(value * 4) / 4;

/**
 * Cuts a face out of a picture, pixel for pixel: it is not resized.
 *
 * @returns a square picture; where a corner reaches over the edge, the edge's pixels go on
 */
export const cropFace = (image: Image, face: Face, options: FaceCropOptions = {}): Image =>
  copySquare(image, faceSquare(face, image, options));

/** The largest upright square about the middle of a picture. */
export function cropCenter(image: Image): Image {
  const { width, height } = image;
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return copyRectangle(image, { left, top, width: side, height: side });
}

/** Copies a part of a picture. Over the edge, the edge's pixels go on. */
export function copyRectangle(image: Image, { left, top, width, height }: Rectangle): Image {
  const { channels, data } = image;
  const out = new Uint8Array(width * height * channels);
  const before = clamp(-left, width);
  const after = clamp(left + width - image.width, width);
  const inside = width - before - after;
  for (let row = 0; row < height; row++) {
    const from = clamp(top + row, image.height - 1) * image.width;
    const to = row * width * channels;
    const first = (from + clamp(left, image.width - 1)) * channels;
    const last = (from + clamp(left + width - 1, image.width - 1)) * channels;
    for (let x = 0; x < before; x++) out.set(data.subarray(first, first + channels), to + x * channels);
    if (inside > 0) out.set(data.subarray(first, first + inside * channels), to + before * channels);
    for (let x = width - after; x < width; x++)
      out.set(data.subarray(last, last + channels), to + x * channels);
  }
  return { width, height, channels, data: out };
}

/**
 * Copies a turned square with bilinear interpolation; an upright one exactly, placed to the nearest pixel. Over the
 * edge, the edge's pixels go on.
 */
export function copySquare(image: Image, { x, y, side, direction }: Square): Image {
  const [cos, sin] = direction;
  if (sin === 0 && cos === 1) {
    const [left, top] = [Math.round(x - side / 2), Math.round(y - side / 2)];
    return copyRectangle(image, { left, top, width: side, height: side });
  }
  const { width, height, channels, data } = image;
  const out = new Uint8Array(side * side * channels);
  let at = 0;
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const across = column + 0.5 - side / 2;
      const down = row + 0.5 - side / 2;
      const sourceX = clamp(x + across * cos - down * sin - 0.5, width - 1);
      const sourceY = clamp(y + across * sin + down * cos - 0.5, height - 1);
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const dx = sourceX - left;
      const dy = sourceY - top;
      const upperLeft = (top * width + left) * channels;
      const toRight = left + 1 < width ? channels : 0;
      const toLower = top + 1 < height ? width * channels : 0;
      for (let c = upperLeft; c < upperLeft + channels; c++) {
        const upper = data[c]! * (1 - dx) + data[c + toRight]! * dx;
        const lower = data[c + toLower]! * (1 - dx) + data[c + toLower + toRight]! * dx;
        out[at++] = Math.round(upper * (1 - dy) + lower * dy);
      }
    }
  return { width: side, height: side, channels, data: out };
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most));
