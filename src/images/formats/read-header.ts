/** Reads a picture's size and kind before anything is decoded. Files are known by their content, never by their name. */

import { ImageError } from '../image.js';
import type { Header } from './header.js';
import { brandsOf, readAvifHeader } from './header-avif.js';
import { readBmpHeader, readGifHeader, readPngHeader, readWebpHeader } from './header-chunks.js';
import { readJpegHeader } from './header-jpeg.js';
import { readNetpbmHeader } from './header-netpbm.js';
import { readTiffHeader } from './header-tiff.js';

/** Brands of files in the container that AVIF and HEIC share. */
const avifBrands = ['avif', 'avis'];
const heicBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1', 'mif2'];

/** Pictures and drawings that nothing here decodes. */
const foreign: readonly [test: (text: string) => boolean, name: string][] = [
  [(text) => brandsOf(text).some((brand) => heicBrands.includes(brand)), 'a HEIC picture'],
  [(text) => /^.{4}JXL /s.test(text) || text.startsWith('\xff\x0a'), 'a JPEG XL picture'],
  [(text) => /<svg[\s>]/i.test(text) && !isHtml(text), 'an SVG drawing'],
  [(text) => text.startsWith('8BPS'), 'a Photoshop file'],
  [(text) => text.startsWith('\0\0\x01\0'), 'an icon file'],
];

const isHtml = (text: string): boolean =>
  /^\s*(<!--.*?-->\s*)?(<!doctype html|<html|<head|<body)/is.test(text);

const notPictures: readonly [test: (text: string) => boolean, name: string][] = [
  [isHtml, 'an HTML page'],
  [(text) => /^\s*<\?xml/.test(text), 'an XML file'],
  [(text) => text.startsWith('%PDF'), 'a PDF file'],
  [(text) => text.startsWith('PK\x03\x04'), 'a zip archive'],
  [(text) => text.startsWith('version https://git-lfs'), 'a Git LFS pointer'],
  [(text) => /^[\t\n\r\x20-\x7e]+$/.test(text), 'text'],
  [(text) => /^\0+$/.test(text), 'zeros'],
];

/** The formats that are read, each known by how its files begin. */
const formats: readonly {
  readonly test: (start: string) => boolean;
  readonly read: (bytes: Uint8Array, view: DataView) => Header;
  /** Tells pictures from texts that begin alike. */
  readonly isSure?: (start: string) => boolean;
}[] = [
  { test: (start) => start.startsWith('\xff\xd8\xff'), read: readJpegHeader },
  { test: (start) => start.startsWith('\x89PNG\r\n\x1a\n'), read: readPngHeader },
  { test: (start) => /^RIFF.{4}WEBP/s.test(start), read: readWebpHeader },
  { test: (start) => /^GIF8[79]a/.test(start), read: readGifHeader },
  {
    test: (start) => start.startsWith('BM'),
    read: (_, view) => readBmpHeader(view),
    // The size of the second header comes at byte 14, which has 12 to 124 bytes.
    isSure: (start) => start.slice(15, 18) === '\0\0\0',
  },
  { test: (start) => /^(II[*+]\0|MM\0[*+])/.test(start), read: (_, view) => readTiffHeader(view) },
  {
    test: (start) => /^P[1-6][\s#]/.test(start),
    read: readNetpbmHeader,
    isSure: (start) => /^P[1-6]\s+(#[^\n]*\n\s*)*\d+\s+(#[^\n]*\n\s*)*\d+\s/.test(start),
  },
  {
    test: (start) => brandsOf(start).some((brand) => avifBrands.includes(brand)),
    read: (_, view) => readAvifHeader(view),
  },
];

/** How many bytes tell a file's kind. */
export const lookBytes = 1024;

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, lookBytes));

/** Whether a file that is not named like a picture is one that is read, by its first `lookBytes` bytes. */
export function isPicture(bytes: Uint8Array): boolean {
  const start = textOf(bytes);
  return formats.some(({ test, isSure }) => test(start) && (isSure?.(start) ?? true));
}

/** The name of a kind of picture that is not read, by the first `lookBytes` bytes of a file; undefined for all else. */
export function foreignKind(bytes: Uint8Array): string | undefined {
  const start = textOf(bytes);
  return foreign.find(([test]) => test(start))?.[1];
}

/** @throws ImageError when the bytes are no picture, or one whose header is broken. */
export function readHeader(bytes: Uint8Array): Header {
  if (bytes.length === 0) throw new ImageError('not an image', 'an empty file');
  const start = textOf(bytes);
  const format = formats.find(({ test }) => test(start));
  if (!format) throw unrecognised(bytes, start);
  const { width, height, ...header } = readWhole(bytes, format.read);
  if (!(width > 0 && height > 0)) throw new ImageError('damaged', `${width}×${height} pixels`);
  return { width, height, ...header };
}

function readWhole(bytes: Uint8Array, read: (bytes: Uint8Array, view: DataView) => Header): Header {
  try {
    return read(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new ImageError('truncated', `${bytes.length} bytes that end within the header`, { cause });
    throw cause;
  }
}

function unrecognised(bytes: Uint8Array, start: string): ImageError {
  const kind = foreignKind(bytes);
  if (kind) return new ImageError('unsupported', kind, { hint: 'convert it to JPEG or PNG.' });
  const found = notPictures.find(([test]) => test(start));
  return new ImageError('not an image', found ? found[1] : `${bytes.length} bytes of an unknown kind`);
}
