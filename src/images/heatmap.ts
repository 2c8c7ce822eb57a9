/** Where a model looked in a picture, as a layer of colour over it; no Node imports, so that pages draw the same. */
import { faceSquare } from './faces/crop.js';
import type { Face } from './faces/face.js';
import type { Image } from './image.js';

/** The part of a picture that a model was shown, in pixels, turned about its centre. */
export interface Region {
  /** Its centre. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Where its own x axis points to in the picture, of length 1: (1, 0) when it is upright. */
  readonly direction: readonly [x: number, y: number];
}

/** How much each part of a model's input spoke for its answer. */
export interface Heatmap {
  /** Of the map, not of the picture: 7 × 7 for pictures of 224 × 224. */
  readonly width: number;
  readonly height: number;
  /** Row by row, from 0 to 1. */
  readonly data: Float32Array;
  readonly region: Region;
}

type Size = Pick<Image, 'width' | 'height'>;

/**
 * The part of a picture that `cropImage` shows a model.
 *
 * @param face the one that was looked at; null where there was none, so that the picture was taken whole
 */
export function regionOf(picture: Size, crop: 'face' | 'center' | 'none', face: Face | null): Region {
  const { width, height } = picture;
  const upright = [1, 0] as const;
  if (crop === 'face' && face) {
    const { x, y, side, direction } = faceSquare(face, picture);
    return { x, y, width: side, height: side, direction };
  }
  if (crop !== 'center') return { x: width / 2, y: height / 2, width, height, direction: upright };
  const side = Math.min(width, height);
  const middle = (length: number) => Math.floor((length - side) / 2) + side / 2;
  return { x: middle(width), y: middle(height), width: side, height: side, direction: upright };
}

type Colour = readonly [at: number, red: number, green: number, blue: number, alpha: number];

/** Colours from no heat to the most, with how much of the picture they cover. */
const colours: readonly [Colour, ...Colour[]] = [
  [0, 90, 0, 150, 0],
  [0.35, 200, 30, 110, 0.28],
  [0.7, 250, 125, 30, 0.52],
  [1, 255, 235, 80, 0.68],
];

/**
 * Draws heat as a layer for a picture: transparent where nothing counted, yellow where it counted most. Of several
 * heatmaps the hottest shows.
 *
 * @param size of the layer, which is stretched over the picture; default: the picture's
 * @returns RGBA, alpha not multiplied in
 */
export function renderHeat(heatmaps: readonly Heatmap[], picture: Size, size: Size = picture): Image {
  const { width, height } = size;
  const data = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const x = ((column + 0.5) * picture.width) / width;
      const y = ((row + 0.5) * picture.height) / height;
      let heat = 0;
      for (const heatmap of heatmaps) heat = Math.max(heat, heatAt(heatmap, x, y));
      if (heat > 0) data.set(colourOf(heat), 4 * (row * width + column));
    }
  return { width, height, channels: 4, data };
}

/** Heat at a place of the picture, between the cells of the map in straight lines; 0 outside of its region. */
export function heatAt({ width, height, data, region }: Heatmap, x: number, y: number): number {
  const [cos, sin] = region.direction;
  const [dx, dy] = [x - region.x, y - region.y];
  // Turned back, from 0 to 1 across the region.
  const across = (dx * cos + dy * sin) / region.width + 0.5;
  const down = (dy * cos - dx * sin) / region.height + 0.5;
  if (across < 0 || across > 1 || down < 0 || down > 1) return 0;
  const u = clamp(across * width - 0.5, width - 1);
  const v = clamp(down * height - 0.5, height - 1);
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const along = (row: number) =>
    data[row * width + left]! * (1 - (u - left)) + data[row * width + right]! * (u - left);
  return along(top) * (1 - (v - top)) + along(bottom) * (v - top);
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most));

/** @returns red, green, blue, alpha, 0 to 255 */
function colourOf(heat: number): [number, number, number, number] {
  const [coldest, ...warmer] = colours;
  let low = coldest;
  let high = coldest;
  for (const colour of warmer) {
    [low, high] = [high, colour];
    if (colour[0] >= heat) break;
  }
  const share = (heat - low[0]) / (high[0] - low[0]);
  const mix = (i: 1 | 2 | 3 | 4) => low[i] + (high[i] - low[i]) * share;
  return [Math.round(mix(1)), Math.round(mix(2)), Math.round(mix(3)), Math.round(mix(4) * 255)];
}
