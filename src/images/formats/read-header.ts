/** Reads a picture's size and kind before anything is decoded. Files are known by their content, never by their name. */

import { ImageError } from '../image.js';
import type { Header } from './header.js';
import { readBmpHeader, readGifHeader, readPngHeader, readWebpHeader } from './header-chunks.js';
import { readJpegHeader } from './header-jpeg.js';
import { readTiffHeader } from './header-tiff.js';
import { readNetpbmHeader } from './netpbm.js';

/** Formats that a file may have and that nothing here decodes. */
const foreign: readonly [test: (text: string) => boolean, name: string][] = [
  [(text) => /^.{4}ftyp(heic|heix|hevc|mif1|msf1)/s.test(text), 'a HEIC picture'],
  [(text) => /^.{4}ftypavi[fs]/s.test(text), 'an AVIF picture'],
  [(text) => /^.{4}JXL /s.test(text) || text.startsWith('\xff\x0a'), 'a JPEG XL picture'],
  [(text) => text.startsWith('8BPS'), 'a Photoshop file'],
  [(text) => text.startsWith('\0\0\x01\0'), 'an icon file'],
];

const notPictures: readonly [test: (text: string) => boolean, name: string][] = [
  [(text) => /<svg[\s>]/i.test(text), 'an SVG drawing'],
  [(text) => /^\s*(<!--.*?-->\s*)?(<!doctype html|<html|<head|<body)/is.test(text), 'an HTML page'],
  [(text) => /^\s*<\?xml/.test(text), 'an XML file'],
  [(text) => text.startsWith('%PDF'), 'a PDF file'],
  [(text) => text.startsWith('PK\x03\x04'), 'a zip archive'],
  [(text) => text.startsWith('version https://git-lfs'), 'a Git LFS pointer'],
  [(text) => /^[\t\n\r\x20-\x7e]+$/.test(text), 'text'],
  [(text) => /^\0+$/.test(text), 'zeros'],
];

/** @throws ImageError when the bytes are no picture, or one whose header is broken. */
export function readHeader(bytes: Uint8Array): Header {
  if (bytes.length === 0) throw new ImageError('not an image', 'an empty file');
  const start = String.fromCharCode(...bytes.subarray(0, 512));
  const header = readKnownHeader(bytes, start);
  if (!header) throw unrecognised(start, bytes.length);
  if (!(header.width > 0 && header.height > 0))
    throw new ImageError('damaged', `${header.width}×${header.height} pixels`);
  return header;
}

function readKnownHeader(bytes: Uint8Array, start: string): Header | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (start.startsWith('\xff\xd8\xff')) return readJpegHeader(bytes, view);
    if (start.startsWith('\x89PNG\r\n\x1a\n')) return readPngHeader(bytes, view);
    if (/^RIFF.{4}WEBP/s.test(start)) return readWebpHeader(bytes, view);
    if (/^GIF8[79]a/.test(start)) return readGifHeader(bytes);
    if (start.startsWith('BM')) return readBmpHeader(view);
    if (/^(II[*+]\0|MM\0[*+])/.test(start)) return readTiffHeader(view);
    if (/^P[1-6][\s#]/.test(start)) return readNetpbmHeader(bytes);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new ImageError('truncated', `${bytes.length} bytes that end within the header`, { cause });
    throw cause;
  }
  return undefined;
}

function unrecognised(start: string, length: number): ImageError {
  const kind = foreign.find(([test]) => test(start));
  if (kind) return new ImageError('unsupported', kind[1], { hint: 'convert it to JPEG or PNG.' });
  const found = notPictures.find(([test]) => test(start));
  return new ImageError('not an image', found ? found[1] : `${length} bytes of an unknown kind`);
}
