import { ImageError } from '../image.js';
import type { Header } from './header.js';
import { type Orientation, readExifOrientation } from './orientation.js';

const marker = { startOfScan: 0xda, endOfImage: 0xd9, app1: 0xe1, app14: 0xee };

/** SOF0–SOF15 start a frame; C4, C8 and CC in their midst mean something else. */
export const isStartOfFrame = (code: number): boolean =>
  code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;

/** Markers that stand alone, without a length: TEM, RST0–RST7, SOI. */
const standsAlone = (code: number): boolean => code === 0x01 || (code >= 0xd0 && code <= 0xd8);

/** A marker segment: its code, and where its contents lie. */
export interface Segment {
  readonly code: number;
  readonly start: number;
  readonly end: number;
}

/** The segments from `at` up to and including the next start of scan or end of image. */
export function* segments(view: DataView, at: number): Generator<Segment> {
  let position = at;
  for (;;) {
    while (view.getUint8(position) !== 0xff) position++;
    while (view.getUint8(position) === 0xff) position++;
    const code = view.getUint8(position++);
    if (code === 0 || standsAlone(code)) continue;
    if (code === marker.endOfImage) {
      yield { code, start: position, end: position };
      return;
    }
    const end = position + view.getUint16(position);
    yield { code, start: position + 2, end };
    if (code === marker.startOfScan) return;
    position = end;
  }
}

/** ITU T.81: the frame's size, and the EXIF orientation of APP1. */
export function readJpegHeader(bytes: Uint8Array, view: DataView): Header {
  let orientation: Orientation = 1;
  let isPlainRgb = false;
  let frame: Omit<Header, 'orientation'> | undefined;
  for (const { code, start, end } of segments(view, 2)) {
    if (code === marker.app1 && view.getUint32(start) === 0x45786966 && orientation === 1)
      orientation = readExifOrientation(bytes.subarray(start, end));
    // Adobe's transform 0: the three components are RGB as they are.
    if (code === marker.app14 && view.getUint32(start) === 0x41646f62)
      isPlainRgb = view.getUint8(start + 11) === 0;
    if (isStartOfFrame(code)) {
      const depth = view.getUint8(start);
      const components = view.getUint8(start + 5);
      if (depth !== 8) throw new ImageError('unsupported', `a JPEG of ${depth} bits a sample`);
      const colour = ({ 1: 'grey', 3: 'rgb', 4: 'cmyk' } as const)[components];
      if (!colour) throw new ImageError('unsupported', `a JPEG of ${components} components`);
      frame = {
        format: 'jpeg',
        height: view.getUint16(start + 1),
        width: view.getUint16(start + 3),
        colour,
        alpha: false,
        depth,
        progressive: code === 0xc2,
      };
    }
  }
  if (!frame) throw new ImageError('damaged', 'a JPEG without a frame');
  const beyondJimp = isPlainRgb && frame.colour === 'rgb' ? 'a JPEG of RGB samples' : undefined;
  return { ...frame, orientation, beyondJimp };
}
