/** The side in pixels of the square field that the detector looks at. */
export const fieldSize = 256;

/** Where in the field a picture lies, in pixels. */
export interface Placement {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Centres a picture in the field with its aspect ratio kept.
 *
 * @param border what to leave free on every side, as a fraction of the field; default 0
 */
export function letterbox(width: number, height: number, border = 0): Placement {
  const scale = (fieldSize * (1 - 2 * border)) / Math.max(width, height);
  const placed = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  return {
    top: Math.floor((fieldSize - placed.height) / 2),
    left: Math.floor((fieldSize - placed.width) / 2),
    ...placed,
  };
}
