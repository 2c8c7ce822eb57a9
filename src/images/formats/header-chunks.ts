import { ImageError } from '../image.js';
import type { Header } from './header.js';
import { readBmp } from './header-bmp.js';
import { readGifFrame } from './header-gif.js';
import { type Orientation, readExifOrientation } from './orientation.js';

const code = (name: string): number => new DataView(new TextEncoder().encode(name).buffer).getUint32(0);

/** PNG: IHDR, and eXIf where there is one. */
export function readPngHeader(bytes: Uint8Array, view: DataView): Header {
  if (view.getUint32(12) !== code('IHDR')) throw new ImageError('damaged', 'a PNG without its IHDR chunk');
  const colourType = view.getUint8(25);
  let orientation: Orientation = 1;
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = view.getUint32(at + 4);
    const end = at + 8 + view.getUint32(at);
    if (type === code('IDAT') && end > bytes.length)
      throw new ImageError('truncated', `a PNG of ${bytes.length} bytes that should have more than ${end}`);
    if (type === code('eXIf')) orientation = readExifOrientation(bytes.subarray(at + 8, end));
  }
  return {
    format: 'png',
    width: view.getUint32(16),
    height: view.getUint32(20),
    orientation,
    colour: (colourType & 2) === 0 ? 'grey' : 'rgb',
    alpha: (colourType & 4) !== 0,
    depth: view.getUint8(24),
  };
}

/** WebP: the canvas of VP8X, or the size in the only frame, lossy or lossless. */
export function readWebpHeader(bytes: Uint8Array, view: DataView): Header {
  const base = {
    format: 'webp',
    colour: 'rgb',
    depth: 8,
    orientation: 1,
    beyondJimp: 'a WebP picture',
  } as const;
  const type = view.getUint32(12);
  if (type === code('VP8 '))
    return {
      ...base,
      alpha: false,
      width: view.getUint16(26, true) & 0x3fff,
      height: view.getUint16(28, true) & 0x3fff,
    };
  if (type === code('VP8L')) {
    const bits = view.getUint32(21, true);
    return {
      ...base,
      alpha: ((bits >>> 28) & 1) === 1,
      width: (bits & 0x3fff) + 1,
      height: ((bits >>> 14) & 0x3fff) + 1,
    };
  }
  if (type !== code('VP8X')) throw new ImageError('damaged', 'a WebP without a frame');
  let orientation: Orientation = 1;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (view.getUint32(at) === code('EXIF'))
      orientation = readExifOrientation(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length & 1);
  }
  return {
    ...base,
    orientation,
    alpha: (view.getUint8(20) & 0x10) !== 0,
    width: 1 + (view.getUint32(24, true) & 0xffffff),
    height: 1 + (view.getUint32(26, true) >>> 8),
  };
}

export function readGifHeader(bytes: Uint8Array): Header {
  const { width, height } = readGifFrame(bytes);
  return { format: 'gif', width, height, orientation: 1, colour: 'rgb', alpha: false, depth: 8 };
}

export function readBmpHeader(view: DataView): Header {
  const { width, height } = readBmp(view);
  return { format: 'bmp', width, height, orientation: 1, colour: 'rgb', alpha: false, depth: 8 };
}
