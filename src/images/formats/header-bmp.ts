import { ImageError } from '../image.js';

/** The fields of a BMP's headers. */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  /** Bits a pixel. */
  readonly bits: number;
  readonly compression: number;
  readonly dataStart: number;
  /** Where each channel's bits are in a pixel of 16 or 32: red, green, blue, alpha. */
  readonly masks: readonly number[];
  /** Entries of 3 or 4 bytes, blue first. */
  readonly palette: { readonly start: number; readonly count: number; readonly entry: number };
}

/** How pixels are packed. */
export const method = { none: 0, rle8: 1, rle4: 2, bitFields: 3, alphaBitFields: 6 };

/**
 * Headers from OS/2's BITMAPCOREHEADER to BITMAPV5HEADER:
 * https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types
 */
export function readBmp(view: DataView): BmpHeader {
  const headerSize = view.getUint32(14, true);
  const isCore = headerSize === 12;
  if (!isCore && headerSize < 40)
    throw new ImageError('damaged', `a BMP with a header of ${headerSize} bytes`);
  const height = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? method.none : view.getUint32(30, true);
  const usesMasks = compression === method.bitFields || compression === method.alphaBitFields;
  // The masks follow the old header and are part of the newer ones.
  const maskCount = !usesMasks ? 0 : compression === method.alphaBitFields || headerSize >= 56 ? 4 : 3;
  const masks = usesMasks
    ? Array.from({ length: maskCount }, (_, i) => view.getUint32(54 + 4 * i, true))
    : bits === 16
      ? [0x7c00, 0x3e0, 0x1f]
      : [0xff0000, 0xff00, 0xff];
  const colours = isCore ? 0 : view.getUint32(46, true);
  const afterHeader = 14 + headerSize + (headerSize === 40 ? 4 * maskCount : 0);
  return {
    width: isCore ? view.getUint16(18, true) : view.getInt32(18, true),
    height: Math.abs(height),
    isTopDown: height < 0,
    bits,
    compression,
    dataStart: view.getUint32(10, true),
    masks,
    palette: {
      start: afterHeader,
      count: bits > 8 ? 0 : Math.min(256, colours || 1 << bits),
      entry: isCore ? 3 : 4,
    },
  };
}
