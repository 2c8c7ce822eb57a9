import type { Image } from '../image.js';
import type { Rectangle } from './crop.js';

/** The side in pixels of the square field that the detector looks at. */
export const fieldSize = 256;

/** A square that the detector looks at, in pixels of the picture. It may reach over the picture's edges. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

type Size = Pick<Image, 'width' | 'height'>;

/** The square of this side about a point. */
export const windowAround = (x: number, y: number, side: number): Window => ({
  left: x - side / 2,
  top: y - side / 2,
  side,
});

/** The square about the middle of a picture that shows it whole, `distance` times as far away as it need be. */
export const windowOnWhole = ({ width, height }: Size, distance = 1): Window =>
  windowAround(width / 2, height / 2, Math.max(width, height) * distance);

/** Windows of half the picture's longer side that cover it, each half over its neighbours. */
export function windowsOnParts({ width, height }: Size): Window[] {
  const side = Math.max(width, height) / 2;
  const starts = (length: number): number[] => {
    const steps = Math.max(0, Math.ceil((length - side) / (side / 2)));
    return steps === 0
      ? [(length - side) / 2]
      : Array.from({ length: steps + 1 }, (_, i) => ((length - side) * i) / steps);
  };
  return starts(height).flatMap((top) => starts(width).map((left) => ({ left, top, side })));
}

/**
 * Lays the part of the picture that a window shows into the field.
 *
 * @returns the part, and where in the field it lies; null when the window shows nothing of the picture
 */
export function placeInField(
  { width, height }: Size,
  { left, top, side }: Window,
): { part: Rectangle; placement: Rectangle } | null {
  const scale = fieldSize / side;
  const place = (start: number, length: number) => {
    const from = Math.max(0, Math.floor(start));
    const size = Math.min(length, Math.ceil(start + side)) - from;
    const first = clamp(Math.round((from - start) * scale), 0, fieldSize - 1);
    return { from, size, first, placed: clamp(Math.round(size * scale), 1, fieldSize - first) };
  };
  const [x, y] = [place(left, width), place(top, height)];
  if (x.size <= 0 || y.size <= 0) return null;
  return {
    part: { left: x.from, top: y.from, width: x.size, height: y.size },
    placement: { left: x.first, top: y.first, width: x.placed, height: y.placed },
  };
}

const clamp = (value: number, least: number, most: number) => Math.max(least, Math.min(value, most));
