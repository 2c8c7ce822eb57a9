import type { Image } from './image.js';

/** Levels of a channel that differ by no more than this show nothing to learn from. */
const flatRange = 15;

/** Whether a picture is of one colour, or nearly: the levels of each channel hardly differ. */
export function isFlat({ data, channels }: Image): boolean {
  for (let c = 0; c < channels; c++) {
    let [low, high] = [255, 0];
    for (let i = c; i < data.length; i += channels) {
      const level = data[i] ?? 0;
      if (level < low) low = level;
      if (level > high) high = level;
      if (high - low > flatRange) return false;
    }
  }
  return true;
}
