import { ImageError } from '../image.js';
import { greyPalette } from './palette.js';

/** Where the first frame of a GIF lies, and how big the canvas is. */
export interface Frame {
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
