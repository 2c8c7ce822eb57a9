import type { Image } from '../../images/image.js';

/** Refuses: bitmaps exist in pages alone. */
export function readBitmap(_bitmap: ImageBitmap): Image {
  throw new Error("Expected a page, which has bitmaps. Received: Node. Hint: give the picture's bytes.");
}
